import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transact } from '#kernel/transaction';
import { within } from '#platform/db';
import { forEachDialect } from '#testing/databases';
import { addProjectRow, addRepositoryRow, aDigest } from '#testing/rows';
import { createPullStore, createPullTally } from './index.ts';

forEachDialect('pulls', (on) => {
  async function open() {
    await using stack = new AsyncDisposableStack();
    const { db, query } = stack.use(await on.open());
    const repositoryId = await addRepositoryRow(db, await addProjectRow(db, 'team'), 'team/app');
    const id = await db.transact(async (tx) => {
      const q = within(tx);
      const digest = aDigest('m');
      await q
        .insertInto('manifest_content')
        .values({ digest, content: Buffer.from('{}') })
        .execute();
      const manifest = await q
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
      for (const name of ['v1', 'v2']) {
        await q
          .insertInto('tag')
          .values({ repository_id: repositoryId, name, manifest_id: manifest.id, pushed_at: 1, pushed_by: 'x' })
          .execute();
      }
      return manifest.id;
    });
    const read = async () => {
      const [repository] = await query('select pull_count, updated_at from repository');
      const [manifest] = await query('select pulled_at from manifest');
      const tags = await query('select pulled_at from tag order by name');
      const numbers = [repository?.['pull_count'], repository?.['updated_at'], manifest?.['pulled_at']].map(Number);
      return [...numbers, ...tags.map((tag) => Number(tag['pulled_at']))];
    };
    let now = 1000;
    const owned = stack.move();
    return {
      id,
      transact: db.transact,
      read,
      clock: () => (now += 1),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  }

  test('are written together, with the time of the last, and what is gone is passed over', async () => {
    await using place = await open();
    const { transact, clock } = place;
    const tally = createPullTally({
      store: createPullStore(),
      transact,
      clock,
      onError: (error) => assert.fail(String(error)),
    });
    tally.note(place.id, 'v1');
    tally.note(place.id, undefined);
    tally.note(place.id, 'v1');
    tally.note(place.id, 'gone');
    tally.note(place.id + 1, 'v1');
    assert.deepEqual(await place.read(), [0, 0, 0, 0, 0], 'nothing is written on the way');
    await tally.flush();
    assert.deepEqual(await place.read(), [4, 1004, 1004, 1003, 0]);
    await tally[Symbol.asyncDispose]();
  });

  test('that cannot be written are kept and written later, each once', async () => {
    await using place = await open();
    const { clock } = place;
    let broken = true;
    const transact: Transact = (work, options) =>
      broken ? Promise.reject(new Error('the database is gone')) : place.transact(work, options);
    const errors: unknown[] = [];
    const tally = createPullTally({
      store: createPullStore(),
      transact,
      clock,
      onError: (error) => errors.push(error),
    });
    tally.note(place.id, 'v2');
    await tally.flush();
    tally.note(place.id, undefined);
    assert.equal(errors.length, 1);
    broken = false;
    await tally[Symbol.asyncDispose]();
    assert.deepEqual(await place.read(), [2, 1002, 1002, 0, 1001]);
  });
});
