import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suggestName } from './suggest.ts';

const known = [
  'listen',
  'data',
  'log.level',
  'log.format',
  'blobs.kind',
  'blobs.s3.bucket',
  'tls.key',
  'uploads.expire',
];

const guesses: readonly (readonly [given: string, expected: string | undefined])[] = [
  ['lisen', 'listen'],
  ['log.levle', 'log.level'],
  ['blobs.s3.buckets', 'blobs.s3.bucket'],
  ['blob.s3.bucket', 'blobs.s3.bucket'],
  ['bucket', 'blobs.s3.bucket'],
  ['s3.bucket', 'blobs.s3.bucket'],
  ['level', 'log.level'],
  ['replication', undefined],
  ['x', undefined],
];

for (const [given, expected] of guesses) {
  test(`${given} was meant to be ${expected ?? 'nothing we know'}`, () => {
    assert.equal(suggestName(given, known), expected);
  });
}
