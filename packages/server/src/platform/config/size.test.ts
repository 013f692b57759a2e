import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSize } from './size.ts';
import { Unparsable } from './unparsable.ts';

const understood: readonly (readonly [given: string, expected: number])[] = [
  ['0', 0],
  ['1024', 1024],
  ['512B', 512],
  ['4MB', 4_000_000],
  ['64MiB', 67_108_864],
  ['64 MiB', 67_108_864],
  ['64mib', 67_108_864],
  ['1.5GiB', 1_610_612_736],
  ['1TiB', 1_099_511_627_776],
];

for (const [given, expected] of understood) {
  test(`the size ${JSON.stringify(given)} is ${expected} bytes`, () => {
    assert.equal(parseSize(given), expected);
  });
}

for (const given of ['', 'MiB', '-1', '1.5', '4M', '4 mibs', '1e6', '9999999TiB', '1,5MiB', 'constructor']) {
  test(`${JSON.stringify(given)} is no size`, () => {
    assert.throws(() => parseSize(given), Unparsable);
  });
}
