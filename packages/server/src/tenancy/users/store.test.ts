import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDialect } from '#testing/databases';
import { createUserStore } from './store.ts';

const anna = { name: 'anna', password: 'hash-1', admin: false, at: 10 };

forEachDialect('the user store', (on) => {
  test('finds a user by name and by id with all that a sign-in needs', async () => {
    await using place = await on.open();
    const store = createUserStore(place.db);
    const id = (await place.db.transact((tx) => store.insert(tx, anna))) as number;
    const wanted = {
      id,
      name: 'anna',
      source: 'local',
      password: 'hash-1',
      admin: false,
      disabled: false,
      generation: 0,
    };
    assert.deepEqual({ ...(await store.find('anna')) }, wanted);
    assert.deepEqual({ ...(await store.findById(id)) }, wanted);
    assert.equal(await store.find('Anna'), undefined);
    assert.equal(await store.find(''), undefined);
    assert.equal(await store.findById(id + 1), undefined);
  });

  test('makes one user of two with the same name, also at the same time, and the first stays', async () => {
    await using place = await on.open();
    const store = createUserStore(place.db);
    const ids = await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        place.db.transact((tx) => store.insert(tx, { ...anna, password: `hash-${at}` })),
      ),
    );
    const first = ids.findIndex((id) => id !== undefined);
    assert.equal(ids.filter((id) => id !== undefined).length, 1);
    assert.equal((await store.find('anna'))?.password, `hash-${first}`);
  });

  test('counts a new generation with each change that must end what was issued', async () => {
    await using place = await on.open();
    const store = createUserStore(place.db);
    const id = (await place.db.transact((tx) => store.insert(tx, anna))) as number;
    await place.db.transact((tx) => store.setPassword(tx, id, 'hash-2', 20));
    assert.deepEqual([(await store.find('anna'))?.password, (await store.find('anna'))?.generation], ['hash-2', 1]);
    await place.db.transact((tx) => store.setDisabled(tx, id, true, 30));
    assert.deepEqual([(await store.find('anna'))?.disabled, (await store.find('anna'))?.generation], [true, 2]);
    await place.db.transact((tx) => store.setDisabled(tx, id, false, 40));
    assert.deepEqual([(await store.find('anna'))?.disabled, (await store.find('anna'))?.generation], [false, 3]);
  });

  test('changes nobody but the user meant', async () => {
    await using place = await on.open();
    const store = createUserStore(place.db);
    const id = (await place.db.transact((tx) => store.insert(tx, anna))) as number;
    await place.db.transact((tx) => store.insert(tx, { ...anna, name: 'bert', admin: true }));
    await place.db.transact((tx) => store.setPassword(tx, id, 'hash-2', 20));
    await place.db.transact((tx) => store.setDisabled(tx, id, true, 20));
    const bert = await store.find('bert');
    assert.deepEqual([bert?.password, bert?.disabled, bert?.admin, bert?.generation], ['hash-1', false, true, 0]);
  });
});
