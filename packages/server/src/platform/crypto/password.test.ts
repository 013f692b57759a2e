import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '#kernel/errors';
import { quickHash } from '#testing/quick-hash';
import { createPasswordHasher } from './password.ts';

async function medianMs(tries: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < tries; at++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(tries / 2)] ?? 0;
}

test('a password is recognised by its hash, and nothing else is', async () => {
  const hasher = createPasswordHasher(2);
  const hash = await hasher.hash('correct horse 🐎');
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.equal(await hasher.verify('correct horse 🐎', hash), true);
  for (const wrong of ['correct horse', 'Correct horse 🐎', 'correct horse 🐎 ', '', '\0', hash]) {
    assert.equal(await hasher.verify(wrong, hash), false, JSON.stringify(wrong));
  }
});

test('the same password has another hash each time', async () => {
  const hasher = createPasswordHasher(2);
  assert.notEqual(await hasher.hash('same'), await hasher.hash('same'));
});

test('a hash of another cost is still read', async () => {
  const hasher = createPasswordHasher(1);
  assert.equal(await hasher.verify('quick', quickHash('quick')), true);
  assert.equal(await hasher.verify('slow', quickHash('quick')), false);
});

test('what is no hash fails instead of saying yes or no', async () => {
  const hasher = createPasswordHasher(1);
  for (const text of ['', 'plain', '$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA', '$2b$10$abcdefghijklmnopqrstuv']) {
    await assert.rejects(hasher.verify('x', text), TypeError, text);
  }
});

test('nobody is refused as slowly as somebody with a wrong password', async () => {
  const hasher = createPasswordHasher(1);
  const hash = await hasher.hash('right');
  assert.equal(await hasher.verify('right', undefined), false);
  const nobody = await medianMs(9, () => hasher.verify('wrong', undefined));
  const somebody = await medianMs(9, () => hasher.verify('wrong', hash));
  assert.ok(nobody > somebody / 3 && nobody < somebody * 3, `${nobody} ms against ${somebody} ms`);
});

test('the check for nobody stands in the same line as all others', async () => {
  const hasher = createPasswordHasher(1);
  const order: string[] = [];
  await Promise.all([
    hasher.hash('first').then(() => order.push('somebody')),
    hasher.verify('wrong', undefined).then(() => order.push('nobody')),
    hasher.verify('quick', quickHash('quick')).then(() => order.push('last')),
  ]);
  assert.deepEqual(order, ['somebody', 'nobody', 'last']);
});

test('a flood is refused beyond a short line, and those in the line are served', async () => {
  const hasher = createPasswordHasher(2);
  const hash = quickHash('quick');
  const flood = await Promise.allSettled(Array.from({ length: 300 }, () => hasher.verify('quick', hash)));
  const refused = flood.filter((result) => result.status === 'rejected');
  assert.equal(flood.length - refused.length, 102, 'two at work and a hundred waiting');
  for (const { reason } of refused) {
    assert.ok(reason instanceof RegistryError && reason.code === 'too-many-requests');
    assert.ok((reason.retryAfter ?? 0) > 0);
  }
  assert.equal(await hasher.verify('quick', hash), true, 'afterwards there is room again');
});

test('a check that fails makes room for the next', async () => {
  const hasher = createPasswordHasher(1);
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => hasher.verify('x', 'no hash')));
  assert.ok(results.every((result) => result.status === 'rejected'));
  assert.equal(await hasher.verify('quick', quickHash('quick')), true);
});
