import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { type Db, within } from '#platform/db';
import { forEachDialect } from '#testing/databases';
import { addProjectRow, addRepositoryRow } from '#testing/rows';
import { up } from './0012-add-quotas.ts';

/** Takes everything away that the migration made. */
async function undo(db: Db): Promise<void> {
  await db.transact(async (tx) => {
    const q = within(tx);
    const run = (text: string) => sql.raw(text).execute(q);
    const owners: Record<string, string> = {
      project_has_quota: 'project',
      project_lost_quota: 'project',
      project_blob_held: 'repository_blob',
      project_blob_let_go: 'repository_blob',
      project_manifest_held: 'manifest',
      project_manifest_let_go: 'manifest',
      project_blob_added: 'project_blob',
      project_blob_removed: 'project_blob',
      project_manifest_added: 'project_manifest',
      project_manifest_removed: 'project_manifest',
      // Of 0027, which counts artifacts in the same ledger.
      manifest_counted: 'manifest',
      manifest_uncounted: 'manifest',
      manifest_recounted: 'manifest',
    };
    for (const name of Object.keys(owners)) {
      await run(db.kind === 'sqlite' ? `drop trigger ${name}` : `drop function ${name} cascade`);
    }
    // What 0022 hung on to them; on PostgreSQL it went with its functions.
    const later = db.kind === 'sqlite' ? ['project_blob_loosened', 'project_blob_tightened'] : [];
    for (const name of later) await run(`drop trigger ${name}`);
    for (const table of ['quota_ledger', 'project_blob', 'project_manifest', 'quota']) await run(`drop table ${table}`);
  });
}

forEachDialect('quotas', (on) => {
  test('count what was there before them, shared content once for each project', async () => {
    await using place = await on.open();
    const { db } = place;
    await undo(db);
    const [team, other] = [await addProjectRow(db, 'team'), await addProjectRow(db, 'other')];
    await addProjectRow(db, 'empty');
    const repositories = [
      await addRepositoryRow(db, team, 'team/a'),
      await addRepositoryRow(db, team, 'team/b'),
      await addRepositoryRow(db, other, 'other/a'),
    ];
    await db.transact(async (tx) => {
      const run = (text: string) => sql.raw(text).execute(within(tx));
      await run("insert into blob (digest, size, location, created_at, touched_at) values ('x', 100, 'x', 1, 1)");
      await run("insert into blob (digest, size, location, created_at, touched_at) values ('y', 30, 'y', 1, 1)");
      await sql`insert into manifest_content (digest, content) values ('m', ${Buffer.from('{}')})`.execute(within(tx));
      for (const [at, id] of repositories.entries()) {
        await run(`insert into repository_blob (repository_id, blob_id, created_at)
          select ${id}, id, 1 from blob where digest = 'x' or ${at} = 1`);
        await run(`insert into manifest (repository_id, digest, media_type, size, pushed_at, pushed_by)
          values (${id}, 'm', 't', 2, 1, 'x')`);
      }
    });
    await db.transact((tx) => up(within(tx) as never, db.kind));
    const figures = async () =>
      (
        await place.query(`select project.name, quota.hard, quota.used + coalesce((
          select sum(delta) from quota_ledger where quota_ledger.project_id = project.id), 0) as used
          from quota join project on project.id = quota.project_id order by project.name`)
      ).map((row) => [row['name'], Number(row['hard']), Number(row['used'])]);
    assert.deepEqual(await figures(), [
      ['empty', -1, 0],
      ['other', -1, 102],
      ['team', -1, 132],
    ]);
    await db.transact(async (tx) => {
      const run = (text: string) => sql.raw(text).execute(within(tx));
      await run(`delete from repository_blob where repository_id = ${repositories[1]}`);
      await run(`delete from manifest where repository_id = ${repositories[1]}`);
    });
    assert.deepEqual((await figures())[2], ['team', -1, 102], 'from then on what goes and stays is kept apart');
  });
});
