import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { randomId } from '#kernel/ids';
import { createSecretBox } from '#platform/crypto';
import { forEachDialect, type TestDatabase } from '#testing/databases';
import { createTestClock, type TestClock } from '#testing/test-clock';
import { createKeyRing } from './key-ring.ts';
import { createSigningKeyStore } from './store.ts';

const day = 24 * 3600 * 1000;

const box = createSecretBox([randomBytes(32)]);

function openRing(place: TestDatabase, time: TestClock) {
  return createKeyRing({
    store: createSigningKeyStore(place.db),
    box,
    transact: place.db.transact,
    clock: time.clock,
    newId: randomId,
    rotationMs: 30 * day,
    overlapMs: day,
  });
}

forEachDialect('the key ring', (on) => {
  test('makes a key when there is none, and signs with it until its time is over', async () => {
    await using place = await on.open();
    const time = createTestClock();
    const ring = openRing(place, time);
    const { kid } = await ring.current();
    time.advance(29 * day);
    assert.equal((await ring.current()).kid, kid);
    time.advance(2 * day);
    assert.notEqual((await ring.current()).kid, kid);
  });

  test('verifies with a key that stopped signing, for as long as a token lives', async () => {
    await using place = await on.open();
    const time = createTestClock();
    const ring = openRing(place, time);
    const old = await ring.current();
    time.advance(31 * day);
    await ring.current();
    assert.ok((await ring.find(old.kid)) !== undefined);
    time.advance(day);
    assert.ok((await ring.find(old.kid)) !== undefined);
  });

  test('forgets a key that nothing can be signed with any more', async () => {
    await using place = await on.open();
    const time = createTestClock();
    const ring = openRing(place, time);
    const kids: string[] = [];
    for (let turn = 0; turn < 5; turn++) {
      kids.push((await ring.current()).kid);
      time.advance(31 * day);
    }
    await ring.current();
    assert.equal(await ring.find(kids[0] ?? ''), undefined);
    assert.equal(new Set(kids).size, 5);
    assert.ok((await place.query('select kid from signing_key')).length <= 4);
  });

  test('is the same ring on every node, after a restart too', async () => {
    await using place = await on.open();
    const time = createTestClock();
    const [here, there] = [openRing(place, time), openRing(place, time)];
    const { kid } = await here.current();
    assert.equal((await there.current()).kid, kid);
    time.advance(31 * day);
    const next = await there.current();
    time.advance(2000);
    assert.ok((await here.find(next.kid)) !== undefined, 'a key made elsewhere is found');
    assert.equal((await openRing(place, time).current()).kid, next.kid);
  });

  test('makes one key, not ten, when ten ask at once', async () => {
    await using place = await on.open();
    const ring = openRing(place, createTestClock());
    const kids = await Promise.all(Array.from({ length: 10 }, async () => (await ring.current()).kid));
    assert.equal(new Set(kids).size, 1);
    assert.equal((await place.query('select kid from signing_key')).length, 1);
  });

  test('does not know a key that was never ours, whoever asks and however often', async () => {
    await using place = await on.open();
    const ring = openRing(place, createTestClock());
    await ring.current();
    for (const kid of ['', 'x', '../../x', "' or 1=1 --", '__proto__', 'x'.repeat(10_000)]) {
      assert.equal(await ring.find(kid), undefined, kid.slice(0, 20));
    }
  });
});
