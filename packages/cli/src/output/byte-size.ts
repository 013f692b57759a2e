const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Writes a count of bytes for people, with three digits: `512 B`, `1.21 MiB`, `34.0 GiB`. Never fails. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) {
    return `${bytes} B`;
  }
  let value = bytes;
  let unit = '';
  for (const larger of units) {
    if (value < 1023.5 && unit !== '') {
      break;
    }
    value /= 1024;
    unit = larger;
  }
  return `${value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
}
