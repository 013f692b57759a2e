import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDialect } from '#testing/databases';
import { createSigningKeyStore } from './store.ts';

const key = (kid: string, createdAt: number) => ({ kid, sealedJwk: `{"kid":"${kid}"}`, createdAt });

forEachDialect('the store of signing keys', (on) => {
  test('lists keys from the newest to the oldest', async () => {
    await using place = await on.open();
    const store = createSigningKeyStore(place.db);
    for (const [kid, at] of [
      ['b', 200],
      ['a', 100],
      ['c', 300],
    ] as const) {
      await place.db.transact((tx) => store.insertUnlessNewer(tx, key(kid, at), 1000));
    }
    assert.deepEqual(await store.list(), [key('c', 300), key('b', 200), key('a', 100)]);
  });

  test('adds no key while a newer one than needed is there', async () => {
    await using place = await on.open();
    const store = createSigningKeyStore(place.db);
    await place.db.transact((tx) => store.insertUnlessNewer(tx, key('first', 500), 0));
    await place.db.transact((tx) => store.insertUnlessNewer(tx, key('late', 501), 400));
    assert.deepEqual(
      (await store.list()).map(({ kid }) => kid),
      ['first'],
    );
    await place.db.transact((tx) => store.insertUnlessNewer(tx, key('second', 900), 500));
    assert.deepEqual(
      (await store.list()).map(({ kid }) => kid),
      ['second', 'first'],
    );
  });

  test('removes keys that verify nothing any more, and only those', async () => {
    await using place = await on.open();
    const store = createSigningKeyStore(place.db);
    for (const at of [100, 200, 300]) {
      await place.db.transact((tx) => store.insertUnlessNewer(tx, key(`k${at}`, at), 1000));
    }
    await place.db.transact((tx) => store.deleteOlder(tx, 200));
    assert.deepEqual(
      (await store.list()).map(({ createdAt }) => createdAt),
      [300, 200],
    );
  });
});
