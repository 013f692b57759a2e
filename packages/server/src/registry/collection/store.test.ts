import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlobLocation } from '#platform/blobs';
import { createBlobRecords } from '#registry/blobs';
import { forEachDialect } from '#testing/databases';
import { aDigest, addProjectRow, addRepositoryRow, repositoryName } from '#testing/rows';
import { createCollectionStore } from './store.ts';

forEachDialect('the rows of the collection', (on) => {
  const digest = aDigest('layer');

  async function open() {
    const place = await on.open();
    const { db } = place;
    const projectId = await addProjectRow(db, 'team');
    const repositoryId = await addRepositoryRow(db, projectId, 'team/app');
    const records = createBlobRecords(db);
    const blobId = await db.transact(async (tx) => {
      const made = await records.insert(tx, { digest, size: 5, location: 'there' as BlobLocation, at: 1 });
      await records.link(tx, repositoryId, made.id, 1);
      return made.id;
    });
    const store = createCollectionStore(db, () => 1000);
    return { place, db, projectId, repositoryId, records, blobId, store };
  }

  // Found by the simulator: a repository was emptied between the look and the transaction, and its layers stayed forever.
  test('a blob that is let go of while a collection looks at it is looked at again', async () => {
    const { place, db, repositoryId, records, blobId, store } = await open();
    await using _ = place;
    await place.query('delete from gc_review');
    await place.query(`insert into gc_review (at, blob_id, repository_id)
      select touched_at, id, 0 from blob where id = ${blobId}`);
    const found = await store.listDue(0, 10);
    assert.deepEqual(
      found.map(({ verdict }) => verdict),
      ['keep'],
    );
    await db.transact((tx) => records.unlink(tx, repositoryId, digest));
    await db.transact((tx) => store.settle(tx, found, 0));
    assert.deepEqual(
      (await store.listDue(0, 10)).map(({ verdict }) => verdict),
      ['condemn'],
    );
  });

  // Found by the simulator: HEAD said 200 of a layer that was taken out of the repository a moment before.
  test('a blob that was taken out of a repository is not held there, though it is still in the registry', async () => {
    const { place, db, projectId, records, blobId, store } = await open();
    await using _ = place;
    const holds = () => db.transact((tx) => records.holds(tx, projectId, repositoryName('team/app'), blobId));
    assert.equal(await holds(), true);
    const found = await store.listDue(0, 10);
    const { unlinked } = await db.transact((tx) => store.settle(tx, found, 0));
    assert.equal(unlinked, 1);
    assert.ok(await records.findAnywhere(digest));
    assert.equal(await holds(), false);
  });
});
