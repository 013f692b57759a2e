import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstPartSize, partSizeAt, smallestPart } from './part-size.ts';

const mebibyte = 1024 * 1024;

test('a few uploads get the configured part size, many the smallest', () => {
  for (const [uploads, expected] of [
    [1, 16],
    [2, 16],
    [4, 8],
    [7, 5],
    [1000, 5],
  ] as const) {
    assert.equal(firstPartSize(16 * mebibyte, uploads), expected * mebibyte);
  }
  assert.equal(firstPartSize(smallestPart, 1), smallestPart);
});

test('ten thousand parts hold more than 500 GB of the smallest size and 1.7 TB of 16 MiB', () => {
  for (const [first, bytes] of [
    [smallestPart, 500e9],
    [16 * mebibyte, 1.7e12],
  ] as const) {
    let offset = 0;
    for (let part = 1; part <= 10_000; part++) {
      offset += partSizeAt(first, offset);
    }
    assert.ok(offset > bytes, `only ${offset}`);
  }
});

test('all parts of the first ten gigabytes have the same size', () => {
  for (let offset = 0; offset < 10e9; offset += smallestPart) {
    assert.equal(partSizeAt(smallestPart, offset), smallestPart);
  }
});
