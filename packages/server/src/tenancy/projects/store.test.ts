import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDialect } from '#testing/databases';
import { addRepositoryRow, addUserRow } from '#testing/rows';
import { createProjectStore } from './store.ts';

forEachDialect('the project store', (on) => {
  test('finds a project by name and by id, and no other', async () => {
    await using place = await on.open();
    const store = createProjectStore(place.db);
    const id = await place.db.transact((tx) =>
      store.insert(tx, { name: 'team', public: true, ownerId: undefined, at: 5 }),
    );
    assert.ok(id !== undefined);
    assert.deepEqual(await store.find('team'), { id, name: 'team', public: true });
    assert.deepEqual(await store.findById(id), { id, name: 'team', public: true });
    assert.equal(await store.find('tea'), undefined);
    assert.equal(await store.find('Team'), undefined);
    assert.equal(await store.findById(id + 1), undefined);
  });

  test('makes one project of two with the same name, also at the same time', async () => {
    await using place = await on.open();
    const store = createProjectStore(place.db);
    const insert = () =>
      place.db.transact((tx) => store.insert(tx, { name: 'team', public: false, ownerId: undefined, at: 5 }));
    const ids = await Promise.all(Array.from({ length: 8 }, insert));
    assert.equal(ids.filter((id) => id !== undefined).length, 1);
  });

  test('holds repositories only where a manifest is', async () => {
    await using place = await on.open();
    const store = createProjectStore(place.db);
    const id = (await place.db.transact((tx) =>
      store.insert(tx, { name: 'team', public: false, ownerId: undefined, at: 5 }),
    )) as number;
    const repositoryId = await addRepositoryRow(place.db, id, 'team/app');
    const holds = () => place.db.transact((tx) => store.holdsRepositories(tx, id));
    assert.equal(await holds(), false);
    await place.query(`insert into manifest_content (digest, content) values ('sha256:aa', '7b7d')`);
    await place.query(
      `insert into manifest (repository_id, digest, media_type, size, pushed_at, pushed_by)
       values (${repositoryId}, 'sha256:aa', 't', 2, 1, 'x')`,
    );
    assert.equal(await holds(), true);
  });

  test('removes a project with its members, empty repositories and unfinished uploads', async () => {
    await using place = await on.open();
    const store = createProjectStore(place.db);
    const userId = await addUserRow(place.db, 'anna');
    const id = (await place.db.transact((tx) =>
      store.insert(tx, { name: 'team', public: false, ownerId: userId, at: 5 }),
    )) as number;
    const repositoryId = await addRepositoryRow(place.db, id, 'team/app');
    await place.query(
      `insert into member (project_id, entity_type, entity_id, role_id, created_at) values (${id}, 'u', ${userId}, 3, 1)`,
    );
    await place.query(
      `insert into upload (id, repository_id, owner, algorithm, size, stage, created_at, touched_at, locked_until)
       values ('u', ${repositoryId}, 'user:1', 'sha256', 0, 'staged', 1, 1, 7)`,
    );
    await place.db.transact((tx) => store.delete(tx, id));
    const abandoned = await place.query('select id, stage, cast(held_until as text) as until from abandoned_stage');
    assert.deepEqual(
      abandoned.map((row) => ({ ...row })),
      [{ id: 'u', stage: 'staged', until: '7' }],
    );
    assert.equal(await store.find('team'), undefined);
    for (const table of ['repository', 'upload', 'member']) {
      assert.deepEqual(await place.query(`select * from ${table}`), [], table);
    }
  });

  test('leaves everything when the project still holds a manifest', async () => {
    await using place = await on.open();
    const store = createProjectStore(place.db);
    const id = (await place.db.transact((tx) =>
      store.insert(tx, { name: 'team', public: false, ownerId: undefined, at: 5 }),
    )) as number;
    const repositoryId = await addRepositoryRow(place.db, id, 'team/app');
    await place.query(`insert into manifest_content (digest, content) values ('sha256:aa', '7b7d')`);
    await place.query(
      `insert into manifest (repository_id, digest, media_type, size, pushed_at, pushed_by)
       values (${repositoryId}, 'sha256:aa', 't', 2, 1, 'x')`,
    );
    await assert.rejects(place.db.transact((tx) => store.delete(tx, id)));
    assert.ok((await store.find('team')) !== undefined);
    assert.equal((await place.query('select id from repository')).length, 1);
  });

  test('gives a project made anew another id', async () => {
    await using place = await on.open();
    const store = createProjectStore(place.db);
    const make = () =>
      place.db.transact((tx) => store.insert(tx, { name: 'team', public: false, ownerId: undefined, at: 5 }));
    const first = (await make()) as number;
    await place.db.transact((tx) => store.delete(tx, first));
    const second = await make();
    assert.notEqual(second, first);
    assert.equal((await store.find('team'))?.id, second);
  });
});
