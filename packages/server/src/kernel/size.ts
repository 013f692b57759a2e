const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes as people read them, as Harbor writes them: `10.0 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}
