import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSecretDigest } from './secret-digest.ts';

test('a secret has the same key in one process and another key elsewhere', () => {
  const [here, elsewhere] = [createSecretDigest(), createSecretDigest()];
  assert.equal(here('secret'), here('secret'));
  assert.notEqual(here('secret'), here('secret '));
  assert.notEqual(here('secret'), elsewhere('secret'));
});

test('the key of a secret tells nothing of it', () => {
  const key = createSecretDigest()('canary-secret');
  assert.doesNotMatch(key, /canary/);
  assert.equal(Buffer.from(key, 'base64').length, 32);
});
