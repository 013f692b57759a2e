import { UsageError } from '#src/failures/failures';

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Reads a size such as `10GiB`, `500M` or a number of bytes; `unlimited` is -1. Throws UsageError. */
export function readSize(text: string): number {
  if (/^(?:unlimited|-1)$/i.test(text)) {
    return -1;
  }
  const [, figure = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?)\s*([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const size = Math.floor(Number(figure) * (units[unit.toLowerCase()] ?? Number.NaN));
  if (figure === '' || !Number.isSafeInteger(size)) {
    throw new UsageError(`${JSON.stringify(text)} is no size`, 'write it as 10GiB, 500MiB or unlimited.');
  }
  return size;
}

/** Reads a number of things such as `100`; `unlimited` is -1. Throws UsageError. */
export function readCount(text: string): number {
  if (/^(?:unlimited|-1)$/i.test(text)) {
    return -1;
  }
  if (!/^[1-9]\d{0,14}$/.test(text)) {
    throw new UsageError(`${JSON.stringify(text)} is no number of things`, 'write it as 100 or unlimited.');
  }
  return Number(text);
}

/** A size as `readSize` reads it, in the largest unit that says it exactly. Never fails. */
export function writeSize(bytes: number): string {
  if (bytes === -1) {
    return 'unlimited';
  }
  const [unit, size] = Object.entries(units).findLast(([, one]) => bytes > 0 && bytes % one === 0) ?? ['', 1];
  return unit === '' ? String(bytes) : `${bytes / size}${unit.toUpperCase()}iB`;
}
