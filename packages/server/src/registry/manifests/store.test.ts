import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Db, within } from '#platform/db';
import { forEachDialect } from '#testing/databases';
import { addProjectRow, addRepositoryRow, aDigest, repositoryName, tagName } from '#testing/rows';
import type { Transaction } from '#kernel/transaction';
import { createDeletionStore, type NewDeletion, type Removal } from '#registry/deletions';
import { createManifestStore, type ManifestReferences, type NewManifest } from './store.ts';

const none: ManifestReferences = { blobIds: [], missing: [], children: [] };

async function open(db: Db) {
  const deletions = createDeletionStore(db, { windowMs: 1000 });
  const store = createManifestStore(db);
  const [projectId, otherId] = [await addProjectRow(db, 'team'), await addProjectRow(db, 'other')];
  const repositoryId = await addRepositoryRow(db, projectId, 'team/app');
  const elsewhereId = await addRepositoryRow(db, otherId, 'other/app');
  const manifest = (text: string, more: Partial<NewManifest> = {}): NewManifest => ({
    repositoryId,
    digest: aDigest(text),
    mediaType: 'application/x',
    content: Buffer.from(text),
    artifactType: undefined,
    subject: undefined,
    annotations: undefined,
    tagged: false,
    description: {
      type: 'IMAGE',
      configType: 'application/x',
      ownSize: text.length,
      annotations: undefined,
      children: [],
      attachment: undefined,
      config: undefined,
    },
    at: 10,
    by: 'anna',
    ...more,
  });
  const put = (text: string, more: Partial<NewManifest> = {}, references = none) =>
    db.transact((tx) => store.put(tx, manifest(text, more), references));
  const putTag = (name: string, manifestId: number, repository = repositoryId, at = 10) =>
    db.transact((tx) =>
      store.putTag(tx, { repositoryId: repository, name: tagName(name), manifestId, at, by: 'anna' }),
    );
  /** Runs what deletes at one stroke, by `bo`. */
  const remove = <T>(
    work: (tx: Transaction, removal: Removal) => Promise<T>,
    kind: NewDeletion['kind'] = 'artifact',
    at = 2,
  ) =>
    db.transact(async (tx) => {
      const place = { projectId, projectName: 'team', repository: repositoryName('team/app') };
      const deletionId = await deletions.open(tx, { kind, ...place, at, by: 'bo' });
      return work(tx, { deletionId, at, by: 'bo' });
    });
  return {
    store,
    remove,
    projectId,
    otherId,
    repositoryId,
    elsewhereId,
    put,
    putTag,
    name: repositoryName('team/app'),
  };
}

async function addBlobs(db: Db, repositoryId: number, count: number): Promise<number[]> {
  return db.transact(async (tx) => {
    const ids: number[] = [];
    for (let at = 0; at < count; at++) {
      const { id } = await within(tx)
        .insertInto('blob')
        .values({ digest: aDigest(`blob-${at}`), size: at, location: `l${at}`, created_at: 1, touched_at: 1 })
        .returning('id')
        .executeTakeFirstOrThrow();
      await within(tx)
        .insertInto('repository_blob')
        .values({ repository_id: repositoryId, blob_id: id, created_at: 1 })
        .execute();
      ids.push(id);
    }
    return ids;
  });
}

forEachDialect('the manifest store', (on) => {
  test('gives back the exact bytes, under the digest and under every tag', async () => {
    await using place = await on.open();
    const { store, projectId, put, putTag, name } = await open(place.db);
    const text = '{"a": 1}\r\n\u0000 ünïcødé';
    const id = await put(text);
    await putTag('one', id);
    await putTag('two', id);
    const wanted = { id, digest: aDigest(text), mediaType: 'application/x', size: Buffer.byteLength(text) };
    assert.deepEqual({ ...(await store.findByDigest(projectId, name, aDigest(text))) }, wanted);
    assert.deepEqual({ ...(await store.findByTag(projectId, name, tagName('one'))) }, wanted);
    assert.deepEqual({ ...(await store.findByTag(projectId, name, tagName('two'))) }, wanted);
    assert.deepEqual(Buffer.from((await store.readContent(aDigest(text))) ?? []).toString(), text);
    assert.equal(await store.findByTag(projectId, name, tagName('On')), undefined);
  });

  test('shows a manifest in its own repository only', async () => {
    await using place = await on.open();
    const { store, projectId, otherId, put, name } = await open(place.db);
    await put('m');
    assert.equal(await store.findByDigest(otherId, repositoryName('other/app'), aDigest('m')), undefined);
    assert.equal(await store.findByDigest(otherId, name, aDigest('m')), undefined);
    assert.equal(await store.findByDigest(projectId, repositoryName('team/ap'), aDigest('m')), undefined);
  });

  test('keeps one manifest of many pushes of the same bytes at once', async () => {
    await using place = await on.open();
    const { put } = await open(place.db);
    const ids = await Promise.all(Array.from({ length: 8 }, () => put('m')));
    assert.equal(new Set(ids).size, 1);
    assert.equal((await place.query('select id from manifest')).length, 1);
  });

  test('keeps the content once for all repositories, and apart for each', async () => {
    await using place = await on.open();
    const { store, remove, repositoryId, elsewhereId, put, putTag } = await open(place.db);
    await putTag('v', await put('m'));
    const other = await put('m', { repositoryId: elsewhereId });
    await putTag('v', other, elsewhereId);
    assert.equal((await place.query('select digest from manifest_content')).length, 1);
    assert.equal(await remove((tx, removal) => store.delete(tx, repositoryId, aDigest('m'), removal)), true);
    const tags = await place.query('select repository_id from tag');
    assert.deepEqual(
      tags.map((row) => Number(row['repository_id'])),
      [elsewhereId],
    );
    assert.ok((await store.readContent(aDigest('m'))) !== undefined);
  });

  test('moves a tag, and the manifest it left stays', async () => {
    await using place = await on.open();
    const { store, projectId, repositoryId, put, putTag, name } = await open(place.db);
    const [first, second] = [await put('first'), await put('second')];
    await putTag('latest', first);
    await putTag('latest', second, repositoryId, 20);
    assert.equal((await store.findByTag(projectId, name, tagName('latest')))?.id, second);
    assert.ok((await store.findByDigest(projectId, name, aDigest('first'))) !== undefined);
    const target = await place.db.transact((tx) => store.tagTarget(tx, repositoryId, tagName('latest')));
    assert.equal(target, aDigest('second'));
    assert.equal(await place.db.transact((tx) => store.tagTarget(tx, repositoryId, tagName('none'))), undefined);
  });

  test('removes a tag without its manifest, and a manifest with all its tags', async () => {
    await using place = await on.open();
    const { store, remove, projectId, repositoryId, put, putTag, name } = await open(place.db);
    const [kept, gone] = [await put('kept'), await put('gone')];
    await putTag('k', kept);
    for (const tag of ['a', 'b', 'c']) await putTag(tag, gone);
    const drop = (tag: string) => remove((tx, removal) => store.deleteTag(tx, repositoryId, tagName(tag), removal));
    assert.deepEqual([await drop('a'), await drop('a')], [true, false]);
    assert.ok((await store.findByDigest(projectId, name, aDigest('gone'))) !== undefined);
    const takeAway = () => remove((tx, removal) => store.delete(tx, repositoryId, aDigest('gone'), removal));
    assert.deepEqual([await takeAway(), await takeAway()], [true, false]);
    assert.equal(await store.findByTag(projectId, name, tagName('b')), undefined);
    assert.equal((await store.findByTag(projectId, name, tagName('k')))?.id, kept);
  });

  test('keeps what it deletes, and writes the history of every tag', async () => {
    await using place = await on.open();
    const { store, remove, repositoryId, put, putTag } = await open(place.db);
    const [blobId = 0] = await addBlobs(place.db, repositoryId, 1);
    const [first, second] = [
      await put('first', {}, { blobIds: [blobId], missing: [], children: [] }),
      await put('second'),
    ];
    await putTag('v1', first);
    await putTag('v1', first);
    await putTag('v1', second);
    await putTag('old', first);
    await remove((tx, removal) => store.deleteTag(tx, repositoryId, tagName('v1'), removal), 'tag');
    await remove((tx, removal) => store.delete(tx, repositoryId, aDigest('first'), removal));
    await remove((tx, removal) => store.clear(tx, repositoryId, removal), 'repository');
    const history = await place.query('select name, from_digest, to_digest, actor from tag_change order by id');
    assert.deepEqual(
      history.map((row) => Object.values(row).join(' ')),
      [
        ['v1', '', aDigest('first'), 'anna'],
        ['v1', aDigest('first'), aDigest('second'), 'anna'],
        ['old', '', aDigest('first'), 'anna'],
        ['v1', aDigest('second'), '', 'bo'],
        ['old', aDigest('first'), '', 'bo'],
      ].map((row) => row.join(' ')),
    );
    const kept = await place.query(`select deletion.kind, deleted_artifact.digest, deleted_artifact.repository
      from deletion left join deleted_artifact on deletion_id = deletion.id order by deletion.id`);
    assert.deepEqual(
      kept.map((row) => [row['kind'], row['digest']]),
      [
        ['tag', null],
        ['artifact', aDigest('first')],
        ['repository', aDigest('second')],
      ],
    );
    assert.equal(kept[1]?.['repository'], 'team/app');
    assert.deepEqual(
      (await place.query('select name, digest from deleted_tag order by deletion_id, name')).map((row) => ({ ...row })),
      [
        { name: 'v1', digest: aDigest('second') },
        { name: 'old', digest: aDigest('first') },
      ],
    );
    const blobs = await place.query('select blob_id from deleted_artifact_blob');
    assert.deepEqual(
      blobs.map((row) => Number(row['blob_id'])),
      [blobId],
    );
  });

  test('tells two who move a tag at once what it was before each of them', async () => {
    await using place = await on.open();
    const { put, putTag } = await open(place.db);
    const ids: number[] = [];
    for (let at = 0; at < 6; at += 1) ids.push(await put(`m${at}`));
    await Promise.all(ids.map((id) => putTag('latest', id)));
    const changes = await place.query('select from_digest, to_digest from tag_change order by id');
    assert.equal(changes.length, 6);
    assert.deepEqual(
      changes.slice(1).map((row) => row['from_digest']),
      changes.slice(0, -1).map((row) => row['to_digest']),
    );
  });

  test('takes what a manifest refers to along when it goes', async () => {
    await using place = await on.open();
    const { store, remove, repositoryId, put } = await open(place.db);
    const blobIds = await addBlobs(place.db, repositoryId, 2);
    await put('m', {}, { blobIds, missing: [aDigest('gap')], children: [aDigest('child')] });
    await remove((tx, removal) => store.delete(tx, repositoryId, aDigest('m'), removal));
    for (const table of ['manifest_blob', 'manifest_missing', 'manifest_child']) {
      assert.deepEqual(await place.query(`select * from ${table}`), [], table);
    }
    assert.equal((await place.query('select id from blob')).length, 2, 'the blobs stay');
  });

  test('finds the blobs of the repository among thousands of digests, and marks them as relied on', async () => {
    await using place = await on.open();
    const { db } = place;
    const { store, repositoryId, elsewhereId } = await open(db);
    await addBlobs(db, repositoryId, 600);
    const asked = Array.from({ length: 1200 }, (_, at) => aDigest(`blob-${at}`));
    await place.query('update blob set touched_at = 1');
    const held = await db.transact((tx) => store.holdBlobs(tx, repositoryId, asked, 55));
    assert.equal(held.size, 600);
    assert.equal(held.get(aDigest('blob-599'))?.size, 599);
    const relied = await place.query('select count(*) as count from blob where touched_at >= 55');
    assert.equal(Number(relied[0]?.['count']), 600);
    assert.equal((await db.transact((tx) => store.holdBlobs(tx, elsewhereId, asked, 56))).size, 0);
    assert.equal((await db.transact((tx) => store.holdBlobs(tx, repositoryId, [], 57))).size, 0);
  });

  test('loosens what only a deleted manifest needed, until a manifest needs it again', async () => {
    await using place = await on.open();
    const { store, remove, repositoryId, put } = await open(place.db);
    const [shared = 0, own = 0] = await addBlobs(place.db, repositoryId, 2);
    await put('kept', {}, { blobIds: [shared], missing: [], children: [] });
    await put('gone', {}, { blobIds: [shared, own], missing: [], children: [] });
    const loose = async () =>
      (await place.query('select blob_id from repository_blob where loose = 1')).map((row) => Number(row['blob_id']));
    await place.query('delete from gc_review');
    await remove((tx, removal) => store.delete(tx, repositoryId, aDigest('gone'), removal));
    assert.deepEqual(await loose(), [own]);
    const reviewed = await place.query('select blob_id, repository_id from gc_review');
    assert.deepEqual(
      reviewed.map((row) => [Number(row['blob_id']), Number(row['repository_id'])]),
      [[own, repositoryId]],
      'the collection is told',
    );
    const held = await place.db.transact((tx) => store.holdBlobs(tx, repositoryId, [aDigest('blob-1')], 3));
    assert.equal(held.get(aDigest('blob-1'))?.loose, true, 'whoever pushes asks for it again');
    await put('again', {}, { blobIds: [own], looseIds: [own], missing: [], children: [] });
    assert.deepEqual(await loose(), []);
  });

  test('notes for the collection which manifests nothing holds', async () => {
    await using place = await on.open();
    const { store, remove, repositoryId, put, putTag } = await open(place.db);
    const noted = async () =>
      (
        await place.query(`select manifest.digest from manifest_review
          join manifest on manifest.id = manifest_review.manifest_id order by manifest.id`)
      ).map((row) => row['digest']);
    const [first, second] = [await put('first', { tagged: true }), await put('second', { tagged: true })];
    assert.deepEqual(await noted(), []);
    await putTag('latest', first);
    await putTag('latest', second);
    assert.deepEqual(await noted(), [aDigest('first')], 'the one that a tag left');
    await remove((tx, removal) => store.deleteTag(tx, repositoryId, tagName('latest'), removal));
    assert.deepEqual(await noted(), [aDigest('first'), aDigest('second')]);
    await put('child', { tagged: true });
    await put('index', { tagged: true }, { blobIds: [], missing: [], children: [aDigest('child')] });
    await remove((tx, removal) => store.delete(tx, repositoryId, aDigest('index'), removal));
    assert.deepEqual(await noted(), [aDigest('first'), aDigest('second'), aDigest('child')]);
  });

  test('stores a manifest of thousands of references', async () => {
    await using place = await on.open();
    const { repositoryId, put } = await open(place.db);
    const blobIds = await addBlobs(place.db, repositoryId, 700);
    const children = Array.from({ length: 1300 }, (_, at) => aDigest(`child-${at}`));
    await put('m', {}, { blobIds, missing: [], children });
    await put('m', {}, { blobIds, missing: [], children });
    assert.equal((await place.query('select * from manifest_blob')).length, 700);
    assert.equal((await place.query('select * from manifest_child')).length, 1300);
  });

  test('tells which manifests a repository holds', async () => {
    await using place = await on.open();
    const { store, repositoryId, elsewhereId, put } = await open(place.db);
    await put('a');
    await put('b', { repositoryId: elsewhereId });
    const present = await place.db.transact((tx) =>
      store.presentManifests(tx, repositoryId, [aDigest('a'), aDigest('b'), aDigest('c')]),
    );
    assert.deepEqual([...present], [aDigest('a')]);
  });

  test('never lets a tag point at a manifest that is not there', async () => {
    await using place = await on.open();
    const { put, putTag } = await open(place.db);
    const id = await put('m');
    await assert.rejects(putTag('x', id + 1), { code: 'conflict' });
    assert.deepEqual(await place.query('select * from tag'), []);
  });
});
