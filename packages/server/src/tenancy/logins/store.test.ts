import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDialect } from '#testing/databases';
import { createLoginFailureStore } from './store.ts';

forEachDialect('the store of failed sign-ins', (on) => {
  test('counts by name and address together, since a time', async () => {
    await using place = await on.open();
    const store = createLoginFailureStore(place.db);
    const fail = (userName: string, address: string, at: number) =>
      place.db.transact((tx) => store.insert(tx, { userName, address, at, forgetBefore: 0 }));
    await fail('anna', '192.0.2.1', 100);
    await fail('anna', '192.0.2.1', 200);
    await fail('anna', '192.0.2.2', 200);
    await fail('bert', '192.0.2.1', 200);
    assert.equal(await store.count('anna', '192.0.2.1', 0), 2);
    assert.equal(await store.count('anna', '192.0.2.1', 100), 1);
    assert.equal(await store.count('anna', '192.0.2.1', 200), 0);
    assert.equal(await store.count('anna', '192.0.2.2', 0), 1);
    assert.equal(await store.count('Anna', '192.0.2.1', 0), 0);
  });

  test('forgets what is too old to count', async () => {
    await using place = await on.open();
    const store = createLoginFailureStore(place.db);
    const fail = (at: number, forgetBefore: number) =>
      place.db.transact((tx) => store.insert(tx, { userName: 'anna', address: 'a', at, forgetBefore }));
    for (const at of [1, 2, 3]) await fail(at, 0);
    await fail(1000, 500);
    assert.equal(await store.count('anna', 'a', 0), 1);
  });

  test('does not grow for ever under guesses at names that nobody has', async () => {
    await using place = await on.open();
    const store = createLoginFailureStore(place.db);
    for (let at = 0; at < 50; at++) {
      await place.db.transact((tx) =>
        store.insert(tx, { userName: `guess-${at}`, address: 'a', at: at * 1000, forgetBefore: at * 1000 - 5000 }),
      );
    }
    const rows = await place.query('select id from login_failure');
    assert.ok(rows.length < 20, `${rows.length} rows, of which 6 still count`);
  });
});
