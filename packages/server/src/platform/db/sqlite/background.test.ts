import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
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

test('on SQLite one that is asked for at the last moment is answered, and keeps no process from ending', async () => {
  await using place = await makeSqlitePlace();
  await using db = await place.open();
  const program = `
    import { sql } from 'kysely';
    import { openBackground } from './src/platform/db/sqlite/background.ts';
    for (const turns of [0, 1, 2, 5, 20]) {
      const background = openBackground({ path: process.argv[1], busyMs: 1000 });
      const reading = sql\`select count(*) as n from project\`.execute(background);
      for (let turn = 0; turn < turns; turn += 1) await undefined;
      await background.destroy();
      console.log((await reading).rows[0].n);
    }`;
  await db.probe();
  const { env } = place;
  const args = ['--eval', program, join(env['ENTREPOT_DATA'] ?? '', 'entrepot.db')];
  const cwd = join(import.meta.dirname, '../../../..');
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 60_000 });
  assert.deepEqual(stdout.trim().split('\n'), ['0', '0', '0', '0', '0']);
});
