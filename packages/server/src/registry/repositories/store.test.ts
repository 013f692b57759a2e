import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Db, within } from '#platform/db';
import { forEachDialect } from '#testing/databases';
import { addProjectRow, addRepositoryRow, repositoryName } from '#testing/rows';
import { createRepositoryStore } from './store.ts';

/** A repository is listed when it holds a manifest. */
async function addManifest(db: Db, repositoryId: number): Promise<void> {
  await db.transact(async (tx) => {
    await within(tx)
      .insertInto('manifest_content')
      .values({ digest: 'sha256:aa', content: Buffer.from('{}') })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await within(tx)
      .insertInto('manifest')
      .values({
        repository_id: repositoryId,
        digest: 'sha256:aa',
        media_type: 't',
        size: 2,
        artifact_type: null,
        subject_digest: null,
        annotations: null,
        pushed_at: 1,
        pushed_by: 'x',
      })
      .execute();
  });
}

async function addListed(db: Db, projectId: number, ...names: string[]): Promise<void> {
  for (const name of names) await addManifest(db, await addRepositoryRow(db, projectId, name));
}

forEachDialect('the repository store', (on) => {
  test('makes a repository once, also when many push to it first', async () => {
    await using place = await on.open();
    const store = createRepositoryStore(place.db);
    const projectId = await addProjectRow(place.db, 'team');
    const ids = await Promise.all(
      Array.from({ length: 8 }, () =>
        place.db.transact((tx) => store.ensure(tx, projectId, repositoryName('team/app'), 1)),
      ),
    );
    assert.equal(new Set(ids).size, 1);
    assert.deepEqual({ ...(await store.find(projectId, repositoryName('team/app'))) }, { id: ids[0] });
  });

  test('finds a repository under its own project only', async () => {
    await using place = await on.open();
    const store = createRepositoryStore(place.db);
    const [mine, other] = [await addProjectRow(place.db, 'team'), await addProjectRow(place.db, 'other')];
    await addRepositoryRow(place.db, mine, 'team/app');
    assert.ok((await store.find(mine, repositoryName('team/app'))) !== undefined);
    assert.equal(await store.find(other, repositoryName('team/app')), undefined);
    assert.equal(await store.find(mine, repositoryName('team/ap')), undefined);
  });

  test('gives nobody the repository of a project that took over the name', async () => {
    // Another node may have removed the project and made it anew while this one still knows the old id.
    await using place = await on.open();
    const store = createRepositoryStore(place.db);
    const [old, anew] = [await addProjectRow(place.db, 'old'), await addProjectRow(place.db, 'team')];
    await addRepositoryRow(place.db, anew, 'team/app');
    await assert.rejects(place.db.transact((tx) => store.ensure(tx, old, repositoryName('team/app'), 1)));
  });

  test('lists in the order of bytes, page after page, names that are prefixes of each other too', async () => {
    await using place = await on.open();
    const store = createRepositoryStore(place.db);
    const projectId = await addProjectRow(place.db, 'a');
    const names = ['a/b', 'a/b-c', 'a/b.c', 'a/b/c', 'a/b0', 'a/b_c', 'a/bb', 'a/c', 'a/c/d/e', 'a/0', 'a/a__b'];
    await addListed(place.db, projectId, ...names);
    const sorted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.deepEqual(await store.list({ kind: 'all' }, '', 100), sorted);
    for (const size of [1, 2, 3]) {
      const paged: string[] = [];
      for (let page = await store.list({ kind: 'all' }, '', size); page.length > 0; ) {
        paged.push(...page);
        page = await store.list({ kind: 'all' }, paged.at(-1) ?? '', size);
      }
      assert.deepEqual(paged, sorted, `pages of ${size}`);
    }
    assert.deepEqual(await store.list({ kind: 'all' }, 'a/b/', 2), ['a/b/c', 'a/b0'], 'a cursor need not exist');
    assert.deepEqual(await store.list({ kind: 'all' }, 'z', 2), []);
  });

  test('lists what holds a manifest, of the projects asked for and no others', async () => {
    await using place = await on.open();
    const store = createRepositoryStore(place.db);
    const [mine, other] = [await addProjectRow(place.db, 'mine'), await addProjectRow(place.db, 'other')];
    await addListed(place.db, mine, 'mine/a', 'mine/b');
    await addListed(place.db, other, 'other/a');
    await addRepositoryRow(place.db, mine, 'mine/empty');
    assert.deepEqual(await store.list({ kind: 'some', projectIds: [mine], publicToo: false }, '', 10), [
      'mine/a',
      'mine/b',
    ]);
    assert.deepEqual(await store.list({ kind: 'some', projectIds: [other], publicToo: false }, '', 10), ['other/a']);
    assert.deepEqual(await store.list({ kind: 'some', projectIds: [mine, other], publicToo: false }, 'mine/a', 10), [
      'mine/b',
      'other/a',
    ]);
    assert.deepEqual(await store.list({ kind: 'some', projectIds: [], publicToo: false }, '', 10), []);
  });

  test('lists what is public to a viewer who sees that', async () => {
    await using place = await on.open();
    const store = createRepositoryStore(place.db);
    const [own, open] = [await addProjectRow(place.db, 'own'), await addProjectRow(place.db, 'open', true)];
    await addListed(place.db, own, 'own/a');
    await addListed(place.db, open, 'open/a');
    const seen = (projectIds: number[], publicToo: boolean) =>
      store.list({ kind: 'some', projectIds, publicToo }, '', 10);
    assert.deepEqual(await seen([own], true), ['open/a', 'own/a']);
    assert.deepEqual(await seen([own], false), ['own/a']);
    assert.deepEqual(await seen([], true), ['open/a']);
    assert.deepEqual(await seen([], false), []);
  });
});
