import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createSecretBox, isSealed, parseSecretKey, SecretUnusable, secretKeyId } from './secret-box.ts';

const place = 'signing_key/private_jwk/1';
const [first, second] = [randomBytes(32), randomBytes(32)];

test('what was sealed is opened again, whatever the text', () => {
  const box = createSecretBox([first]);
  for (const text of ['', 'x', 'päss 🐎\0', 'y'.repeat(100_000), 'sealed:1:']) {
    const sealed = box.seal(text, place);
    assert.ok(isSealed(sealed) && box.isCurrent(sealed));
    assert.equal(box.open(sealed, place), text);
  }
});

test('nothing of the text or the place shows, and the same text never looks the same', () => {
  const box = createSecretBox([first]);
  const sealed = Array.from({ length: 100 }, () => box.seal('canary-secret', place));
  assert.equal(new Set(sealed).size, 100);
  for (const text of sealed) {
    const bytes = Buffer.from(text.split(':').at(-1) ?? '', 'base64url').toString('latin1');
    assert.doesNotMatch(text + bytes, /canary|signing_key/);
  }
  const nonces = sealed.map((text) => Buffer.from(text.split(':')[3] ?? '', 'base64url').toString('hex', 0, 12));
  assert.equal(new Set(nonces).size, 100);
});

test('a sealed text opens only where it belongs', () => {
  const box = createSecretBox([first]);
  const sealed = box.seal('secret', place);
  for (const other of ['signing_key/private_jwk/2', 'signing_key/other/1', '', 'robot/secret/1', `${place}/`]) {
    assert.throws(() => box.open(sealed, other), SecretUnusable, other);
  }
});

test('a sealed text that was changed in any letter does not open', () => {
  const box = createSecretBox([first, second]);
  const sealed = box.seal('secret', place);
  for (let at = 0; at < sealed.length; at++) {
    for (const letter of ['A', 'z', '0', ':']) {
      if (sealed[at] === letter) continue;
      const forged = sealed.slice(0, at) + letter + sealed.slice(at + 1);
      // The last letter of base64 may carry bits that stand for nothing.
      if (at === sealed.length - 1 && sameBytes(forged, sealed)) continue;
      assert.throws(() => box.open(forged, place), SecretUnusable, forged);
    }
  }
  for (const cut of [sealed.slice(0, -1), sealed.slice(0, 40), `${sealed}AAAA`, '', 'plain']) {
    assert.throws(() => box.open(cut, place), SecretUnusable, cut);
  }
});

const sameBytes = (left: string, right: string) =>
  Buffer.from(left.split(':').at(-1) ?? '', 'base64url').equals(
    Buffer.from(right.split(':').at(-1) ?? '', 'base64url'),
  );

test('the first of several keys seals, and each of them opens what it sealed', () => {
  const [old, rotated] = [createSecretBox([first]), createSecretBox([second, first])];
  const before = old.seal('secret', place);
  assert.equal(rotated.open(before, place), 'secret');
  assert.equal(rotated.isCurrent(before), false);
  const after = rotated.seal('secret', place);
  assert.ok(after.includes(secretKeyId(second)));
  assert.throws(() => old.open(after, place), /sealed with the key [0-9a-f]{16}, which is not here/);
});

test('a text under the name of another key does not open with it', () => {
  const box = createSecretBox([first, second]);
  const sealed = box.seal('secret', place).replace(secretKeyId(first), secretKeyId(second));
  assert.throws(() => box.open(sealed, place), SecretUnusable);
});

test('a box needs keys of 32 bytes', () => {
  for (const keys of [[], [Buffer.alloc(16)], [first, Buffer.alloc(31)], [Buffer.alloc(33)]]) {
    assert.throws(() => createSecretBox(keys), TypeError);
  }
});

test('a key is read from base64 of either alphabet and from hex, and nothing else is a key', () => {
  for (const text of [
    first.toString('base64'),
    first.toString('base64url'),
    first.toString('hex'),
    first.toString('hex').toUpperCase(),
    ` ${first.toString('base64')}\n`,
  ]) {
    assert.deepEqual(Buffer.from(parseSecretKey(text) ?? []), first, text);
  }
  for (const text of [
    '',
    'a password that somebody thought long enough',
    first.toString('base64').slice(0, 42),
    randomBytes(33).toString('base64'),
    randomBytes(16).toString('hex'),
  ]) {
    assert.equal(parseSecretKey(text), undefined, text);
  }
});
