import type { Refused } from '#registry/ports';

/** From here on pushes bring a warning; Harbor's figure. */
const nearlyFull = 0.85;

const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes as people read them, as Harbor writes them: `10.0 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}

/** Harbor's sentence: tools look for it. */
export function refuse(adding: number, used: number, hard: number): Refused {
  return {
    kind: 'refused',
    code: 'quota-exceeded',
    message: `adding ${formatBytes(adding)} of storage resource, which when updated to current usage of ${formatBytes(used)} will exceed the configured upper limit of ${formatBytes(hard)}.`,
  };
}

/** What to say to who pushes into a project that will use so much; nothing while there is room. */
export function warningAbout(used: number, hard: number): string | undefined {
  if (hard < 0 || used <= hard * nearlyFull) return undefined;
  const share = Math.floor((used / hard) * 100);
  return `The project uses ${formatBytes(used)} of its ${formatBytes(hard)} of storage, ${share} %.`;
}

/**
 * Whether so much room is left that pushes which do not wait for each other cannot overrun the limit together: with at
 * most 256 transactions under way, each adding at most a 1024th of what it saw left, while at least a quarter of the
 * limit is free. `margin` asks for so many times more.
 */
export function isFarFromFull(adding: number, { used, hard }: { used: number; hard: number }, margin = 1): boolean {
  const left = hard - used - adding;
  return left >= margin * Math.max(1024 * adding, hard / 4);
}

/** A limit is a number of bytes, or -1 for none. */
export const isLimit = (hard: number): boolean => Number.isSafeInteger(hard) && (hard > 0 || hard === -1);
