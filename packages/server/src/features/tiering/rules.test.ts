import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest } from '@entrepot/oci/digest';
import type { BlobLocation } from '#platform/blobs';
import { isCold, policyOf } from './rules.ts';
import type { TieringPolicy } from './types.ts';

const general: TieringPolicy = { enabled: true, afterMs: 100, minSize: 10 };
const off = { ...general, enabled: false };
const blob = {
  id: 1,
  digest: 'sha256:x' as Digest,
  location: 'l' as BlobLocation,
  projectIds: [1],
  size: 10,
  usedAt: 900,
};

for (const { name, given, policies, expected } of [
  { name: 'goes when it was not used for long enough', given: {}, policies: [general], expected: true },
  { name: 'stays while it was used lately', given: { usedAt: 901 }, policies: [general], expected: false },
  { name: 'stays when it is small', given: { size: 9 }, policies: [general], expected: false },
  { name: 'stays where a project of several keeps it', given: {}, policies: [general, off], expected: false },
  {
    name: 'stays as long as the most patient project says',
    given: {},
    policies: [general, { ...general, afterMs: 101 }],
    expected: false,
  },
  { name: 'stays when nobody holds it: the collection takes it', given: {}, policies: [], expected: false },
]) {
  test(`a blob ${name}`, () => assert.equal(isCold({ ...blob, ...given }, policies, 1000), expected));
}

test('a project has its own word where it has one', () => {
  assert.deepEqual(policyOf(general, undefined), general);
  assert.deepEqual(policyOf(general, { enabled: true, afterMs: 5, minSize: undefined }), { ...general, afterMs: 5 });
  assert.equal(policyOf(general, { enabled: false, afterMs: undefined, minSize: 1 }).enabled, false);
  assert.equal(policyOf(off, { enabled: true, afterMs: undefined, minSize: undefined }).enabled, true);
});
