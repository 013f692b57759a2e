import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StageState } from '#platform/blobs';
import type { Db } from '#platform/db';
import { forEachDialect } from '#testing/databases';
import { addProjectRow, addRepositoryRow, repositoryName } from '#testing/rows';
import { createUploadStore, type UploadKey } from './store.ts';

const stage = (text: string) => text as StageState;

async function begin(db: Db, ids: readonly string[] = ['u1'], owner = 'user:1') {
  const store = createUploadStore(db);
  const projectId = await addProjectRow(db, 'team');
  const repositoryId = await addRepositoryRow(db, projectId, 'team/app');
  for (const [index, id] of ids.entries()) {
    await db.transact((tx) =>
      store.insert(tx, { id, repositoryId, owner, algorithm: 'sha256', size: 0, stage: stage('s0'), at: 100 + index }),
    );
  }
  const key: UploadKey = { id: ids[0] ?? '', repository: repositoryName('team/app'), projectId, owner };
  return { store, key, repositoryId };
}

forEachDialect('the upload store', (on) => {
  test('finds an upload only where all of its key fits', async () => {
    await using place = await on.open();
    const { store, key, repositoryId } = await begin(place.db);
    const wanted = { id: 'u1', repositoryId, algorithm: 'sha256', size: 0, stage: 's0' };
    assert.deepEqual(await store.find(key), wanted);
    for (const other of [
      { id: 'u2' },
      { owner: 'user:2' },
      { owner: 'anonymous' },
      { projectId: key.projectId + 1 },
      { repository: repositoryName('team/other') },
    ]) {
      assert.equal(await store.find({ ...key, ...other }), undefined, JSON.stringify(other));
      const lock = { id: 'l', now: 1, until: 2 };
      assert.equal(await place.db.transact((tx) => store.lock(tx, { ...key, ...other }, lock)), undefined);
    }
  });

  test('is taken by one request at a time', async () => {
    await using place = await on.open();
    const { store, key } = await begin(place.db);
    const lock = (id: string, now: number) =>
      place.db.transact((tx) => store.lock(tx, key, { id, now, until: now + 30 }));
    assert.equal(typeof (await lock('a', 1000)), 'object');
    assert.equal(await lock('b', 1001), 'busy');
    assert.equal(await lock('b', 1029), 'busy');
    assert.equal(typeof (await lock('b', 1030)), 'object', 'a holder that died lets go after its time');
  });

  test('is taken by one of many that ask at once', async () => {
    await using place = await on.open();
    const { store, key } = await begin(place.db);
    const taken = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        place.db.transact((tx) => store.lock(tx, key, { id: `l${index}`, now: 1000, until: 2000 })),
      ),
    );
    assert.equal(taken.filter((upload) => typeof upload === 'object').length, 1);
    assert.equal(taken.filter((upload) => upload === 'busy').length, 7);
  });

  test('is let go, prolonged and moved on only by who holds it', async () => {
    await using place = await on.open();
    const { store, key } = await begin(place.db);
    const lock = (id: string, now: number) =>
      place.db.transact((tx) => store.lock(tx, key, { id, now, until: now + 30 }));
    const save = (id: string, size: number) =>
      place.db.transact((tx) => store.saveAndUnlock(tx, key.id, id, { size, stage: stage(`s${size}`), at: 1010 }));
    await lock('a', 1000);
    await save('b', 7);
    assert.equal((await store.find(key))?.size, 0, 'a stranger changes nothing');
    assert.equal(await lock('c', 1001), 'busy', 'nor lets it go');
    await place.db.transact((tx) => store.renewLock(tx, key.id, 'b', 9000));
    await place.db.transact((tx) => store.renewLock(tx, key.id, 'a', 1060));
    assert.equal(await lock('c', 1059), 'busy');
    await save('a', 9);
    assert.deepEqual([(await store.find(key))?.size, (await store.find(key))?.stage], [9, 's9']);
    assert.equal(typeof (await lock('c', 1011)), 'object');
  });

  test('is removed once', async () => {
    await using place = await on.open();
    const { store, key } = await begin(place.db);
    assert.equal(await place.db.transact((tx) => store.delete(tx, key.id)), true);
    assert.equal(await place.db.transact((tx) => store.delete(tx, key.id)), false);
    assert.equal(await store.find(key), undefined);
  });

  test('counts what one account has open, and what all have', async () => {
    await using place = await on.open();
    const { store, key, repositoryId } = await begin(place.db, ['u1', 'u2']);
    await place.db.transact((tx) =>
      store.insert(tx, {
        id: 'u3',
        repositoryId,
        owner: 'user:11',
        algorithm: 'sha512',
        size: 0,
        stage: stage(''),
        at: 1,
      }),
    );
    const countOf = (owner: string) => place.db.transact((tx) => store.countOf(tx, owner));
    assert.deepEqual([await countOf(key.owner), await countOf('user:11'), await countOf('user:2')], [2, 1, 0]);
    assert.equal(await store.countOpen(), 3);
  });

  test('goes stale when nobody touched it, the oldest first, but not while a request holds it', async () => {
    await using place = await on.open();
    const { store, key } = await begin(place.db, ['u1', 'u2', 'u3']);
    const stale = async (before: number, limit = 10) =>
      (await store.listStale(before, 5000, limit)).map((upload) => upload.id);
    assert.deepEqual(await stale(1000), ['u1', 'u2', 'u3']);
    assert.deepEqual(await stale(102), ['u1', 'u2']);
    assert.deepEqual(await stale(1000, 1), ['u1']);
    await place.db.transact((tx) => store.lock(tx, key, { id: 'l', now: 200, until: 9000 }));
    assert.deepEqual(await stale(1000), ['u2', 'u3']);
    await place.db.transact((tx) => store.saveAndUnlock(tx, 'u1', 'l', { size: 1, stage: stage(''), at: 2000 }));
    assert.deepEqual(await stale(1000), ['u2', 'u3'], 'what was written to is not stale');
    assert.deepEqual(await stale(3000), ['u2', 'u3', 'u1']);
  });

  test('is let go whole when a process starts anew', async () => {
    await using place = await on.open();
    const { store, key } = await begin(place.db);
    const lock = () => place.db.transact((tx) => store.lock(tx, key, { id: 'l', now: 1, until: 1_000_000 }));
    await lock();
    assert.equal(await lock(), 'busy');
    await place.db.transact((tx) => store.unlockAll(tx));
    assert.equal(typeof (await lock()), 'object');
  });

  test('lists the stages of deleted projects in the order of their ids, but not those still written to', async () => {
    await using place = await on.open();
    const store = createUploadStore(place.db);
    for (const [id, until] of [
      ['c', 5],
      ['a', 0],
      ['held', 10],
      ['b', 9],
    ] as const) {
      await place.query(`insert into abandoned_stage (id, stage, held_until) values ('${id}', 's-${id}', ${until})`);
    }
    const first = await store.listAbandoned(10, '', 2);
    assert.deepEqual(
      first.map((row) => ({ ...row })),
      [
        { id: 'a', stage: 's-a' },
        { id: 'b', stage: 's-b' },
      ],
    );
    assert.deepEqual(
      (await store.listAbandoned(10, 'b', 2)).map(({ id }) => id),
      ['c'],
    );
    await place.db.transact((tx) => store.deleteAbandoned(tx, 'b'));
    assert.deepEqual(
      (await store.listAbandoned(11, '', 9)).map(({ id }) => id),
      ['a', 'c', 'held'],
    );
  });
});
