import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Db, within } from '#platform/db';
import { forEachDialect } from '#testing/databases';
import { aDigest, addProjectRow, addRepositoryRow } from '#testing/rows';
import { createRetentionReadModel } from './read-model.ts';
import { createRetentionStore } from './store.ts';
import type { RetentionRule } from './types.ts';

const rule: RetentionRule = {
  disabled: false,
  priority: 0,
  template: 'latestPushedK',
  params: { latestPushedK: 3 },
  tags: [{ kind: 'matches', pattern: '**', untagged: true }],
  repositories: [],
};

async function addBlob(db: Db, repositoryId: number, text: string, size: number): Promise<number> {
  return db.transact(async (tx) => {
    const q = within(tx);
    const values = { digest: aDigest(text), size, location: text, created_at: 1, touched_at: 1 };
    const { id } = await q.insertInto('blob').values(values).returning('id').executeTakeFirstOrThrow();
    await q.insertInto('repository_blob').values({ repository_id: repositoryId, blob_id: id, created_at: 1 }).execute();
    return id;
  });
}

async function addManifest(db: Db, repositoryId: number, text: string, blobs: readonly number[], more: object = {}) {
  return db.transact(async (tx) => {
    const q = within(tx);
    const row = {
      repository_id: repositoryId,
      digest: aDigest(text),
      media_type: 'm',
      size: 10,
      artifact_type: null,
      subject_digest: null,
      annotations: null,
      pushed_at: 5,
      pushed_by: 'ada',
      ...more,
    };
    const content = { digest: row.digest, content: new Uint8Array(10) };
    await q
      .insertInto('manifest_content')
      .values(content)
      .onConflict((conflict) => conflict.column('digest').doNothing())
      .execute();
    const { id } = await q.insertInto('manifest').values(row).returning('id').executeTakeFirstOrThrow();
    for (const blob of blobs) {
      const link = { manifest_id: id, blob_id: blob, repository_id: repositoryId };
      await q.insertInto('manifest_blob').values(link).execute();
    }
    return id;
  });
}

forEachDialect('retention', (on) => {
  test('policies are one for each project and go with it', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = createRetentionStore(db);
    const projectId = await addProjectRow(db, 'team');
    const policy = { rules: [rule], cron: '0 0 0 * * *' };
    const id = (await db.transact((tx) => store.insert(tx, projectId, policy, 5))) as number;
    assert.equal(await db.transact((tx) => store.insert(tx, projectId, policy, 5)), undefined);
    assert.deepEqual(await store.find(id), { id, projectId, ...policy });
    assert.deepEqual(await store.findOf(projectId), { id, projectId, ...policy });
    assert.equal(await db.transact((tx) => store.update(tx, id, { rules: [], cron: '' }, 6)), true);
    assert.deepEqual(await store.find(id), { id, projectId, rules: [], cron: '' });
    assert.equal(await db.transact((tx) => store.update(tx, id + 1, policy, 6)), false);
    assert.deepEqual(await db.transact(async (tx) => [await store.delete(tx, id), await store.delete(tx, id)]), [
      true,
      false,
    ]);
  });

  test('a report of a cluster replaces the one before it, within its project', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = createRetentionStore(db);
    const [one, two] = [await addProjectRow(db, 'one'), await addProjectRow(db, 'two')];
    const image = (tag: string) => ({ repository: 'one/app', tag, digest: undefined });
    const report = (cluster: string, tags: readonly string[], at: number, projectId = one) =>
      db.transact((tx) => store.putReport(tx, projectId, { cluster, images: tags.map(image), at }, 2));
    assert.equal(await report('a', ['v1', 'v2'], 5), true);
    assert.equal(await report('a', ['v3'], 6), true);
    assert.equal(await report('b', [], 7), true);
    assert.equal(await report('c', ['v4'], 8), false, 'too many');
    assert.equal(await report('c', ['v4'], 8, two), true);
    assert.deepEqual(await store.listReports(one), [
      { cluster: 'a', images: 1, reportedAt: 6 },
      { cluster: 'b', images: 0, reportedAt: 7 },
    ]);
    assert.deepEqual(await store.listRunning(one), [{ ...image('v3'), reportedAt: 6 }]);
    const forget = (cluster: string) => db.transact((tx) => store.deleteReport(tx, one, cluster));
    assert.deepEqual([await forget('a'), await forget('a'), await forget('c')], [true, false, false]);
    assert.deepEqual(await store.listRunning(one), []);
  });

  test('what a repository holds is read whole, and only what nobody else holds is freed', async () => {
    await using place = await on.open();
    const { db } = place;
    const readModel = createRetentionReadModel(db);
    const [projectId, otherId] = [await addProjectRow(db, 'team'), await addProjectRow(db, 'other')];
    const [app, web, foreign] = [
      await addRepositoryRow(db, projectId, 'team/app'),
      await addRepositoryRow(db, projectId, 'team/web'),
      await addRepositoryRow(db, otherId, 'other/app'),
    ];
    const [own, shared, base, elsewhere] = [
      await addBlob(db, app, 'own', 100),
      await addBlob(db, app, 'shared', 1000),
      await addBlob(db, app, 'base', 10_000),
      await addBlob(db, app, 'elsewhere', 100_000),
    ];
    await addManifest(db, app, 'first', [own, shared, base, elsewhere]);
    const second = await addManifest(db, app, 'second', [shared], { accessory_of: aDigest('first'), listed: 0 });
    await addManifest(db, web, 'third', [base]);
    await addManifest(db, foreign, 'fourth', [elsewhere]);
    await db.transact(async (tx) => {
      const q = within(tx);
      const at = { pushed_at: 5, pushed_by: 'ada' };
      for (const name of ['v2', 'v1']) {
        await q
          .insertInto('tag')
          .values({ repository_id: app, name, manifest_id: second, ...at })
          .execute();
      }
      await q
        .insertInto('manifest_child')
        .values({ manifest_id: second, digest: aDigest('part') })
        .execute();
      const label = { name: 'good', description: '', color: '', project_id: null, created_at: 1, updated_at: 1 };
      const { id } = await q.insertInto('label').values(label).returning('id').executeTakeFirstOrThrow();
      await q.insertInto('artifact_label').values({ manifest_id: second, label_id: id, created_at: 1 }).execute();
    });
    const found = await readModel.listManifests(app);
    assert.deepEqual(
      found.map(({ digest, listed, attachedTo, tags, labels, parts }) => ({
        digest,
        listed,
        attachedTo,
        tags,
        labels,
        parts,
      })),
      [
        { digest: aDigest('first'), listed: true, attachedTo: undefined, tags: [], labels: [], parts: [] },
        {
          digest: aDigest('second'),
          listed: false,
          attachedTo: aDigest('first'),
          tags: ['v1', 'v2'],
          labels: ['good'],
          parts: [aDigest('part')],
        },
      ],
    );
    const [one, other] = found.map((manifest) => [manifest]);
    const measure = (...groups: (typeof found)[]) => readModel.measureFreed(projectId, groups);
    // A blob that another project holds too is freed in this one.
    assert.deepEqual(await measure(one ?? []), [100 + 100_000 + 10]);
    assert.deepEqual(await measure(one ?? [], other ?? []), [100 + 1000 + 100_000 + 10, 10]);
    assert.deepEqual(await measure(other ?? []), [10]);
    assert.deepEqual(await measure(), []);
    assert.deepEqual(
      [await readModel.findRepository(projectId, app), await readModel.findRepository(otherId, app)],
      [{ id: app, name: 'team/app', pinned: false }, undefined],
    );
  });
});
