import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAttachedTag } from './attached-tag.ts';

const hex = 'a'.repeat(64);

test('tags of signatures and of referrers lists are told from tags of people', () => {
  for (const tag of ['', '.sig', '.att', '.sbom'].map((end) => `sha256-${hex}${end}`)) {
    assert.equal(isAttachedTag(tag), true, tag);
  }
  assert.equal(isAttachedTag(`sha512-${hex}${hex}`), true);
  for (const tag of [
    'v1',
    `sha256-${hex}.exe`,
    `sha256-${hex}a`,
    `x-sha256-${hex}`,
    'sha256-abc.sig',
    `sha512-${hex}`,
  ]) {
    assert.equal(isAttachedTag(tag), false, tag);
  }
});
