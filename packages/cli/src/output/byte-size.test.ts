import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes } from './byte-size.ts';

const table: readonly [number, string][] = [
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.00 KiB'],
  [1536, '1.50 KiB'],
  [10_239, '10.0 KiB'],
  [1024 * 1024 - 1, '1.00 MiB'],
  [123.4 * 1024 ** 2, '123 MiB'],
  [2 ** 40, '1.00 TiB'],
  [Number.MAX_SAFE_INTEGER, '8.00 PiB'],
];

for (const [given, expected] of table) {
  test(`${given} bytes are written as ${expected}`, () => {
    assert.equal(formatBytes(given), expected);
  });
}
