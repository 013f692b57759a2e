import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Db, within } from '#platform/db';
import { forEachDialect } from '#testing/databases';
import { addProjectRow, addRepositoryRow } from '#testing/rows';
import { createTagStore } from './store.ts';

async function addTags(db: Db, repositoryId: number, names: readonly string[]): Promise<void> {
  await db.transact(async (tx) => {
    const digest = `sha256:${repositoryId}`;
    await within(tx)
      .insertInto('manifest_content')
      .values({ digest, content: Buffer.from('{}') })
      .execute();
    const { id } = await within(tx)
      .insertInto('manifest')
      .values({
        repository_id: repositoryId,
        digest,
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
    for (const name of names) {
      await within(tx)
        .insertInto('tag')
        .values({ repository_id: repositoryId, name, manifest_id: id, pushed_at: 1, pushed_by: 'x' })
        .execute();
    }
  });
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

forEachDialect('the tag store', (on) => {
  test('lists in the order of bytes, page after page, tags that are prefixes of each other too', async () => {
    await using place = await on.open();
    const repositoryId = await addRepositoryRow(place.db, await addProjectRow(place.db, 'a'), 'a/b');
    const names = ['0.1.2', '0.1.20', '0.1.2-rc', '0.1.2_1', '0.1.10', 'Latest', 'latest', '_x', 'a', 'A', 'aa', 'a.a'];
    await addTags(place.db, repositoryId, names);
    const store = createTagStore(place.db);
    const sorted = names.toSorted(byBytes);
    assert.deepEqual(await store.list(repositoryId, '', 100), sorted);
    for (const size of [1, 2, 5]) {
      const paged: string[] = [];
      for (let page = await store.list(repositoryId, '', size); page.length > 0; ) {
        paged.push(...page);
        page = await store.list(repositoryId, paged.at(-1) ?? '', size);
      }
      assert.deepEqual(paged, sorted, `pages of ${size}`);
    }
    assert.deepEqual(await store.list(repositoryId, '0.1.2', 2), ['0.1.2-rc', '0.1.20']);
    assert.deepEqual(await store.list(repositoryId, 'zzz', 2), []);
  });

  test('lists the tags of its repository only', async () => {
    await using place = await on.open();
    const projectId = await addProjectRow(place.db, 'a');
    const [mine, other] = [
      await addRepositoryRow(place.db, projectId, 'a/b'),
      await addRepositoryRow(place.db, projectId, 'a/c'),
    ];
    await addTags(place.db, mine, ['1']);
    await addTags(place.db, other, ['1', '2']);
    const store = createTagStore(place.db);
    assert.deepEqual(await store.list(mine, '', 10), ['1']);
    assert.deepEqual(await store.list(other, '', 10), ['1', '2']);
    assert.deepEqual(await store.list(other + 1, '', 10), []);
  });
});
