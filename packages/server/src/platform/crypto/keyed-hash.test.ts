import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyedHash } from './keyed-hash.ts';

const hash = createKeyedHash(Buffer.alloc(32, 1));

test('a secret has its hash in its own context, under its own key', () => {
  const known = hash.of('secret', 'robot/7');
  assert.equal(hash.matches('secret', 'robot/7', known), true);
  assert.equal(hash.matches('secreT', 'robot/7', known), false);
  assert.equal(hash.matches('secret', 'robot/8', known), false);
  assert.equal(createKeyedHash(Buffer.alloc(32, 2)).matches('secret', 'robot/7', known), false);
  assert.ok(!known.includes('secret'));
});

test('context and secret are kept apart', () => {
  assert.notEqual(hash.of('b', 'a'), hash.of('ab', ''));
});

test('what is no hash matches nothing', () => {
  for (const text of ['', 'x', 'A'.repeat(43), hash.of('other', 'c')])
    assert.equal(hash.matches('secret', 'c', text), false);
});
