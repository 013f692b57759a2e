import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Db, within } from '#platform/db';
import { forEachDialect } from '#testing/databases';
import { addProjectRow, addRepositoryRow, aDigest, tagName } from '#testing/rows';
import { createReferrerStore } from './store.ts';

const subject = aDigest('subject');

interface Referrer {
  readonly text: string;
  readonly type?: string | null;
  readonly to?: string;
  readonly annotations?: object;
}

async function open(db: Db) {
  const projectId = await addProjectRow(db, 'team');
  const repositoryId = await addRepositoryRow(db, projectId, 'team/app');
  const add = async (repository: number, { text, type = null, to = subject, annotations }: Referrer) => {
    await db.transact(async (tx) => {
      const q = within(tx);
      await q
        .insertInto('manifest_content')
        .values({ digest: aDigest(text), content: Buffer.from(text) })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      await q
        .insertInto('manifest')
        .values({
          repository_id: repository,
          digest: aDigest(text),
          media_type: 'application/x',
          size: text.length,
          artifact_type: type,
          subject_digest: to,
          annotations: annotations === undefined ? null : JSON.stringify(annotations),
          pushed_at: 1,
          pushed_by: 'x',
        })
        .execute();
    });
  };
  return { store: createReferrerStore(db), projectId, repositoryId, add };
}

forEachDialect('the referrer store', (on) => {
  test('lists in the order of digests, page after page, each once', async () => {
    await using place = await on.open();
    const { store, repositoryId, add } = await open(place.db);
    const texts = Array.from({ length: 12 }, (_, at) => `referrer-${at}`);
    for (const text of texts) await add(repositoryId, { text });
    const wanted = texts.map(aDigest).toSorted();
    const paged: string[] = [];
    for (;;) {
      const page = await store.list({
        repositoryId,
        subject,
        artifactType: undefined,
        after: paged.at(-1) ?? '',
        limit: 5,
      });
      if (page.length === 0) break;
      assert.ok(page.length <= 5);
      paged.push(...page.map((descriptor) => descriptor.digest));
    }
    assert.deepEqual(paged, wanted);
  });

  test('tells type and annotations where there are some', async () => {
    await using place = await on.open();
    const { store, repositoryId, add } = await open(place.db);
    await add(repositoryId, { text: 'bare' });
    await add(repositoryId, { text: 'full', type: 'application/sbom', annotations: { 'a.b': 'ü', __x: '' } });
    const listed = await store.list({ repositoryId, subject, artifactType: undefined, after: '', limit: 10 });
    const find = (text: string) => listed.find((descriptor) => descriptor.digest === aDigest(text));
    assert.deepEqual(find('bare'), { mediaType: 'application/x', digest: aDigest('bare'), size: 4 });
    assert.deepEqual(find('full'), {
      mediaType: 'application/x',
      digest: aDigest('full'),
      size: 4,
      artifactType: 'application/sbom',
      annotations: { 'a.b': 'ü', __x: '' },
    });
  });

  test('filters by the whole type', async () => {
    await using place = await on.open();
    const { store, repositoryId, add } = await open(place.db);
    await add(repositoryId, { text: 'a', type: 'application/sbom' });
    await add(repositoryId, { text: 'b', type: 'application/sbom+json' });
    await add(repositoryId, { text: 'c' });
    const filtered = async (artifactType: string) =>
      (await store.list({ repositoryId, subject, artifactType, after: '', limit: 10 })).map(({ digest }) => digest);
    assert.deepEqual(await filtered('application/sbom'), [aDigest('a')]);
    assert.deepEqual(await filtered('application/sbo%'), []);
    assert.deepEqual(await filtered(''), []);
  });

  test('does not cross from one repository or subject to another', async () => {
    await using place = await on.open();
    const { store, projectId, repositoryId, add } = await open(place.db);
    const elsewhere = await addRepositoryRow(place.db, projectId, 'team/else');
    await add(elsewhere, { text: 'a' });
    await add(repositoryId, { text: 'b', to: aDigest('another') });
    assert.deepEqual(await store.list({ repositoryId, subject, artifactType: undefined, after: '', limit: 10 }), []);
  });

  test('reads the manifest behind a tag, and those of the repository among some digests', async () => {
    await using place = await on.open();
    const { store, projectId, repositoryId, add } = await open(place.db);
    const elsewhere = await addRepositoryRow(place.db, projectId, 'team/else');
    await add(repositoryId, { text: 'mine' });
    await add(elsewhere, { text: 'theirs' });
    await place.query(
      `insert into tag (repository_id, name, manifest_id, pushed_at, pushed_by)
       select repository_id, 'fallback', id, 1, 'x' from manifest where repository_id = ${repositoryId}`,
    );
    assert.equal(Buffer.from((await store.contentOfTag(repositoryId, tagName('fallback'))) ?? []).toString(), 'mine');
    assert.equal(await store.contentOfTag(elsewhere, tagName('fallback')), undefined);
    const found = await store.contents(repositoryId, [aDigest('mine'), aDigest('theirs')]);
    assert.deepEqual([...found.keys()], [aDigest('mine')]);
    assert.equal((await store.contents(repositoryId, [])).size, 0);
  });
});
