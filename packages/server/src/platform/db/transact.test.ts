import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDialect } from '#testing/databases';
import type { Db } from './db.ts';
import { within } from './transaction.ts';

const project = (name: string) => ({ name, public: 0, owner_id: null, created_at: 1, updated_at: 1 });

async function namesIn(db: Db): Promise<string[]> {
  const rows = await db.read.selectFrom('project').select('name').orderBy('name').execute();
  return rows.map((row) => row.name);
}

forEachDialect('a transaction', (on) => {
  test('answers with what the work answers, after the commit', async () => {
    await using place = await on.open();
    const answer = await place.db.transact(async (tx) => {
      await within(tx).insertInto('project').values(project('one')).execute();
      return 42;
    });
    assert.equal(answer, 42);
    assert.deepEqual(await namesIn(place.db), ['one']);
    assert.equal((await place.query('select name from project')).length, 1, 'other connections see it');
  });

  test('is undone by whatever the work throws, which the caller gets', async () => {
    await using place = await on.open();
    const reason = new Error('no');
    const failing = place.db.transact(async (tx) => {
      await within(tx).insertInto('project').values(project('one')).execute();
      throw reason;
    });
    await assert.rejects(failing, reason);
    assert.deepEqual(await namesIn(place.db), []);
  });

  test('is not read by others before it ends', async () => {
    await using place = await on.open();
    let meanwhile: string[] | undefined;
    await place.db.transact(async (tx) => {
      await within(tx).insertInto('project').values(project('one')).execute();
      meanwhile = await namesIn(place.db);
    });
    assert.deepEqual(meanwhile, []);
  });

  test('that breaks a constraint spoils none that runs beside it', async () => {
    await using place = await on.open();
    const insert = (name: string) =>
      place.db.transact(async (tx) => {
        await within(tx).insertInto('project').values(project(name)).execute();
      });
    const results = await Promise.allSettled(['a', 'b', 'a', 'c'].map(insert));
    assert.equal(results.filter((result) => result.status === 'rejected').length, 1);
    assert.deepEqual(await namesIn(place.db), ['a', 'b', 'c']);
  });

  test('refuses a row whose owner does not exist', async () => {
    await using place = await on.open();
    const orphan = place.db.transact(async (tx) => {
      await within(tx).insertInto('repository').values({ project_id: 99, name: 'a/b', created_at: 1 }).execute();
    });
    await assert.rejects(orphan, { code: 'conflict' });
  });

  test('counts a thousand changes that many make at once', async () => {
    await using place = await on.open();
    const { db } = place;
    await db.transact(async (tx) => {
      await within(tx).insertInto('project').values(project('counted')).execute();
    });
    await Promise.all(
      Array.from({ length: 200 }, () =>
        db.transact(async (tx) => {
          await within(tx)
            .updateTable('project')
            .set((row) => ({ updated_at: row('updated_at', '+', 5) }))
            .execute();
        }),
      ),
    );
    const row = await db.read.selectFrom('project').select('updated_at').executeTakeFirstOrThrow();
    assert.equal(row.updated_at, 1001);
  });

  test('gives ids and sizes as numbers, beyond 32 bits too', async () => {
    await using place = await on.open();
    const size = 2 ** 45;
    await place.db.transact(async (tx) => {
      const blob = { digest: 'd', size, location: 'l', created_at: 1, touched_at: 1 };
      await within(tx).insertInto('blob').values(blob).execute();
    });
    const row = await place.db.read.selectFrom('blob').select(['id', 'size']).executeTakeFirstOrThrow();
    assert.deepEqual({ ...row }, { id: 1, size });
  });

  test('takes no id twice, even after the newest row is gone', async () => {
    await using place = await on.open();
    const { db } = place;
    const insert = () =>
      db.transact((tx) => within(tx).insertInto('project').values(project('again')).returning('id').executeTakeFirst());
    const first = await insert();
    await db.transact((tx) => within(tx).deleteFrom('project').execute());
    const second = await insert();
    assert.ok(first !== undefined && second !== undefined && second.id > first.id);
  });

  test('is what a probe needs, and a closed database fails it', async () => {
    await using place = await on.makePlace();
    const db = await place.open();
    await db.probe();
    await db[Symbol.asyncDispose]();
    await assert.rejects(db.probe());
  });

  if (on.kind === 'postgres') {
    test('that met another in a deadlock is run again', async () => {
      await using place = await on.open();
      const { db } = place;
      await db.transact(async (tx) => {
        await within(tx)
          .insertInto('project')
          .values([project('a'), project('b')])
          .execute();
      });
      const both = Promise.withResolvers<void>();
      let arrived = 0;
      let runs = 0;
      const touch = (names: readonly [string, string]) =>
        db.transact(async (tx) => {
          runs += 1;
          for (const name of names) {
            await within(tx)
              .updateTable('project')
              .set((row) => ({ updated_at: row('updated_at', '+', 1) }))
              .where('name', '=', name)
              .execute();
            arrived += 1;
            if (arrived === 2) both.resolve();
            await both.promise;
          }
        });
      await Promise.all([touch(['a', 'b']), touch(['b', 'a'])]);
      assert.equal(runs, 3);
      const rows = await db.read.selectFrom('project').select('updated_at').execute();
      assert.deepEqual(rows, [{ updated_at: 3 }, { updated_at: 3 }]);
    });
  }
});
