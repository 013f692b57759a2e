import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDialect } from '#testing/databases';
import type { Db } from './db.ts';
import { within } from './transaction.ts';

async function addProjects(db: Db, ...names: string[]): Promise<void> {
  await db.transact(async (tx) => {
    for (const [at, name] of names.entries()) {
      await within(tx)
        .insertInto('project')
        .values({ name, public: at % 2, owner_id: null, created_at: at, updated_at: 7 })
        .execute();
    }
  });
}

forEachDialect('a prepared read', (on) => {
  test('finds the row for each set of values, and nothing for others', async () => {
    await using place = await on.open();
    await addProjects(place.db, 'a', 'b');
    const find = place.db.prepareFirst<{ name: string; public: number }>((q, value) =>
      q.selectFrom('project').select(['name', 'public']).where('name', '=', value('name')),
    );
    assert.deepEqual({ ...(await find({ name: 'a' })) }, { name: 'a', public: 0 });
    assert.deepEqual({ ...(await find({ name: 'b' })) }, { name: 'b', public: 1 });
    assert.equal(await find({ name: 'c' }), undefined);
  });

  test('binds every value where it was named, also twice, between constants', async () => {
    await using place = await on.open();
    await addProjects(place.db, 'a', 'b', 'c');
    const find = place.db.prepareFirst<{ name: string }>((q, value) =>
      q
        .selectFrom('project')
        .select('name')
        .where('updated_at', '=', 7)
        .where('created_at', '>=', value<number>('from'))
        .where('name', '>=', value('name'))
        .where('name', '!=', 'b')
        .where('created_at', '>=', value<number>('from'))
        .orderBy('name'),
    );
    assert.equal((await find({ name: 'a', from: 0 }))?.name, 'a');
    assert.equal((await find({ name: 'a', from: 1 }))?.name, 'c');
    assert.equal((await find({ name: 'b', from: 0 }))?.name, 'c');
    assert.equal(await find({ name: 'a', from: 3 }), undefined);
  });

  test('takes values as values, whatever they look like', async () => {
    await using place = await on.open();
    const odd = ["' or '1'='1", 'a"b', '$1', '?', ':name', 'x; drop table project; --', 'ünïcødé 🐋', '%', '_'];
    await addProjects(place.db, 'a', ...odd);
    const find = place.db.prepareFirst<{ name: string }>((q, value) =>
      q.selectFrom('project').select('name').where('name', '=', value('name')),
    );
    for (const name of odd) assert.equal((await find({ name }))?.name, name);
    assert.equal(await find({ name: "' or '1'='2" }), undefined);
  });

  test('sees what was committed before it was asked', async () => {
    await using place = await on.open();
    const find = place.db.prepareFirst<{ name: string }>((q, value) =>
      q.selectFrom('project').select('name').where('name', '=', value('name')),
    );
    assert.equal(await find({ name: 'a' }), undefined);
    await addProjects(place.db, 'a');
    assert.equal((await find({ name: 'a' }))?.name, 'a');
  });

  test('with a value left out fails instead of finding something', async () => {
    await using place = await on.open();
    const find = place.db.prepareFirst<{ name: string }>((q, value) =>
      q.selectFrom('project').select('name').where('name', '=', value('name')),
    );
    await assert.rejects(async () => find({ nome: 'a' }), /no value for name/);
  });

  test('is not mixed up with another one', async () => {
    await using place = await on.open();
    await addProjects(place.db, 'a');
    const reads = ['name', 'created_at', 'updated_at'].map((column) =>
      place.db.prepareFirst<Record<string, unknown>>((q, value) =>
        q
          .selectFrom('project')
          .select(column as 'name')
          .where('name', '=', value('name')),
      ),
    );
    const rows = await Promise.all(reads.flatMap((read) => [read, read]).map(async (read) => read({ name: 'a' })));
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [{ name: 'a' }, { name: 'a' }, { created_at: 0 }, { created_at: 0 }, { updated_at: 7 }, { updated_at: 7 }],
    );
  });
});
