import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { forEachDialect, makeSqlitePlace } from '#testing/databases';
import { addProjectRow } from '#testing/rows';

const slow = sql<{ n: number }>`
  with recursive counted (n) as (select 1 union all select n + 1 from counted where n < 1000000)
  select count(*) as n from counted`;

forEachDialect('reads in the background', (on) => {
  test('see what is committed, as other reads do', async () => {
    await using place = await on.open();
    await addProjectRow(place.db, 'team');
    const found = await place.db.background.selectFrom('project').select(['id', 'name']).execute();
    assert.deepEqual(
      found.map(({ name }) => name),
      ['team'],
    );
    await addProjectRow(place.db, 'other');
    const named = place.db.background.selectFrom('project').select('name').where('name', '=', 'other');
    assert.deepEqual({ ...(await named.executeTakeFirst()) }, { name: 'other' });
  });

  test('hold up nothing else, however long they take', async () => {
    await using place = await on.open();
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    const { rows } = await slow.execute(place.db.background);
    clearInterval(timer);
    assert.equal(rows[0]?.n, 1_000_000);
    assert.ok(turns > 10, `${turns} turns of the loop`);
  });

  test('tell what is wrong with a statement, and go on', async () => {
    await using place = await on.open();
    await assert.rejects(sql`select id from nowhere`.execute(place.db.background), /nowhere/);
    await assert.rejects(sql`select count(*) from project where id = ${Symbol('x')}`.execute(place.db.background));
    assert.equal((await place.db.background.selectFrom('project').select('id').execute()).length, 0);
  });
});

test('on SQLite nothing can be written in the background', async () => {
  await using place = await makeSqlitePlace();
  await using db = await place.open();
  await assert.rejects(sql`delete from project`.execute(db.background), /readonly/);
});

test('on SQLite they are finished before the database is closed', async () => {
  await using place = await makeSqlitePlace();
  const db = await place.open();
  const reading = slow.execute(db.background);
  await db[Symbol.asyncDispose]();
  assert.equal((await reading).rows[0]?.n, 1_000_000);
});
