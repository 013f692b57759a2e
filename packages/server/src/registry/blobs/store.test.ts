import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Db, within } from '#platform/db';
import { forEachDialect } from '#testing/databases';
import { addProjectRow, addRepositoryRow, aDigest, repositoryName } from '#testing/rows';
import type { BlobLocation } from '#platform/blobs';
import { createBlobRecords } from './store.ts';

const digest = aDigest('layer');
const at = (location: string) => ({ digest, size: 5, location: location as BlobLocation, at: 1 });

async function openTwoRepositories(db: Db) {
  const [mine, other] = [await addProjectRow(db, 'mine'), await addProjectRow(db, 'other', true)];
  return {
    mine: { projectId: mine, id: await addRepositoryRow(db, mine, 'mine/app'), name: repositoryName('mine/app') },
    other: { projectId: other, id: await addRepositoryRow(db, other, 'other/app'), name: repositoryName('other/app') },
  };
}

forEachDialect('the blob records', (on) => {
  test('show a blob in the repositories that hold it, and in no others', async () => {
    await using place = await on.open();
    const { db } = place;
    const records = createBlobRecords(db);
    const { mine, other } = await openTwoRepositories(db);
    const id = await db.transact(async (tx) => {
      const blob = await records.insert(tx, at('l1'));
      await records.link(tx, mine.id, blob.id, 1);
      return blob.id;
    });
    assert.deepEqual({ ...(await records.findIn(mine.projectId, mine.name, digest)) }, { id, size: 5, location: 'l1' });
    assert.equal(await records.findIn(other.projectId, other.name, digest), undefined);
    assert.equal(await records.findIn(other.projectId, mine.name, digest), undefined, 'nor under another project');
    assert.equal(await records.findIn(mine.projectId, mine.name, aDigest('else')), undefined);
    assert.deepEqual({ ...(await records.findAnywhere(digest)) }, { id, size: 5, location: 'l1' });
    assert.equal(await records.findAnywhere(aDigest('else')), undefined);
  });

  test('keep the first of many pushes of the same content at once', async () => {
    await using place = await on.open();
    const { db } = place;
    const records = createBlobRecords(db);
    const made = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => ({
        location: `l${index}`,
        ...(await db.transact((tx) => records.insert(tx, at(`l${index}`)))),
      })),
    );
    const [first, ...more] = made.filter(({ added }) => added);
    assert.ok(first !== undefined && more.length === 0, 'one was added');
    assert.deepEqual(new Set(made.map(({ id }) => id)), new Set([first.id]));
    assert.equal((await records.findAnywhere(digest))?.location, first.location);
  });

  test('link and unlink a blob without touching other repositories', async () => {
    await using place = await on.open();
    const { db } = place;
    const records = createBlobRecords(db);
    const { mine, other } = await openTwoRepositories(db);
    await db.transact(async (tx) => {
      const { id } = await records.insert(tx, at('l1'));
      for (const repository of [mine.id, other.id, mine.id]) await records.link(tx, repository, id, 1);
    });
    assert.equal(await db.transact((tx) => records.unlink(tx, mine.id, digest)), true);
    assert.equal(await db.transact((tx) => records.unlink(tx, mine.id, digest)), false);
    assert.equal(await records.findIn(mine.projectId, mine.name, digest), undefined);
    assert.ok((await records.findIn(other.projectId, other.name, digest)) !== undefined);
  });

  test('name the holders of a blob, a bounded number of them', async () => {
    await using place = await on.open();
    const { db } = place;
    const records = createBlobRecords(db);
    const { mine, other } = await openTwoRepositories(db);
    await db.transact(async (tx) => {
      const { id } = await records.insert(tx, at('l1'));
      for (const repository of [mine.id, other.id]) await records.link(tx, repository, id, 1);
    });
    const holders = await records.holders(digest, 10);
    assert.deepEqual(
      holders.toSorted((a, b) => a.projectId - b.projectId),
      [
        { repository: 'mine/app', projectId: mine.projectId, public: false },
        { repository: 'other/app', projectId: other.projectId, public: true },
      ],
    );
    assert.equal((await records.holders(digest, 1)).length, 1);
    assert.deepEqual(await records.holders(aDigest('else'), 10), []);
  });

  test('remember when somebody relied on a blob', async () => {
    await using place = await on.open();
    const { db } = place;
    const records = createBlobRecords(db);
    const { id } = await db.transact((tx) => records.insert(tx, at('l1')));
    await place.query('update blob set touched_at = 5, condemned_at = 6');
    assert.equal(await db.transact((tx) => records.touch(tx, digest, 77)), id);
    const [row] = await place.query('select touched_at, condemned_at from blob');
    const touchedAt = Number(row?.['touched_at']);
    // PostgreSQL asks its own clock.
    assert.ok(on.kind === 'sqlite' ? touchedAt === 77 : Math.abs(touchedAt - Date.now()) < 60_000);
    assert.equal(row?.['condemned_at'], null, 'who relies on a condemned blob saves it');
    assert.equal(await db.transact((tx) => records.touch(tx, aDigest('else'), 78)), undefined);
  });

  test('hide a damaged blob until it is pushed again, and keep its old bytes apart', async () => {
    await using place = await on.open();
    const { db } = place;
    const records = createBlobRecords(db);
    const { mine } = await openTwoRepositories(db);
    const { id } = await db.transact((tx) => records.insert(tx, at('l1')));
    await db.transact((tx) => records.link(tx, mine.id, id, 1));
    await place.query('update blob set damaged_at = 9');
    assert.equal(await records.findIn(mine.projectId, mine.name, digest), undefined);
    assert.equal(await records.findAnywhere(digest), undefined);
    assert.equal(await db.transact((tx) => records.touch(tx, digest, 77)), undefined);
    assert.deepEqual(await db.transact((tx) => records.insert(tx, at('l2'))), { id, added: true });
    assert.equal((await records.findIn(mine.projectId, mine.name, digest))?.location, 'l2');
    assert.deepEqual(
      (await place.query('select location from trash')).map((row) => row['location']),
      ['l1'],
    );
  });

  test('tell whether a manifest of this repository needs a blob, and fill the gaps of a sparse one', async () => {
    await using place = await on.open();
    const { db } = place;
    const records = createBlobRecords(db);
    const { mine, other } = await openTwoRepositories(db);
    const manifestIds = await db.transact(async (tx) => {
      const q = within(tx);
      await q
        .insertInto('manifest_content')
        .values({ digest: 'm', content: Buffer.from('{}') })
        .execute();
      const ids: number[] = [];
      for (const repository of [mine, other]) {
        const { id } = await q
          .insertInto('manifest')
          .values({
            repository_id: repository.id,
            digest: 'm',
            media_type: 't',
            size: 2,
            artifact_type: null,
            subject_digest: null,
            annotations: null,
            pushed_at: 1,
            pushed_by: 'x',
          })
          .returning('id')
          .executeTakeFirstOrThrow();
        await q.insertInto('manifest_missing').values({ manifest_id: id, digest }).execute();
        ids.push(id);
      }
      return ids;
    });
    const blobId = await db.transact(async (tx) => {
      const { id } = await records.insert(tx, at('l1'));
      await records.link(tx, mine.id, id, 1);
      return id;
    });
    assert.equal(await db.transact((tx) => records.isReferenced(tx, mine.id, digest)), true);
    assert.equal(await db.transact((tx) => records.isReferenced(tx, other.id, digest)), false);
    const filled = await db.read.selectFrom('manifest_blob').select(['manifest_id', 'blob_id']).execute();
    assert.deepEqual(
      filled.map((row) => ({ ...row })),
      [{ manifest_id: manifestIds[0], blob_id: blobId }],
    );
    const missing = await db.read.selectFrom('manifest_missing').select('manifest_id').execute();
    assert.deepEqual(
      missing.map((row) => row.manifest_id),
      [manifestIds[1]],
    );
  });
});
