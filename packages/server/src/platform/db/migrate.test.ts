import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type DatabasePlace, forEachDialect } from '#testing/databases';
import { DatabaseUnusable } from './migrate.ts';
import { migrations } from './migrations/all.ts';
import { openPostgresDb } from './open-postgres.ts';
import { openSqliteDb } from './open-sqlite.ts';

const run = promisify(execFile);
const serverPackage = fileURLToPath(new URL('../../..', import.meta.url));

async function openAndClose(place: DatabasePlace): Promise<void> {
  await using _db = await place.open();
}

/** Every table, index and trigger there is, by name. */
async function schemaOf({ kind, query }: DatabasePlace): Promise<string[]> {
  const rows = await query(
    kind === 'sqlite'
      ? "select name from sqlite_schema where name not like 'sqlite_%' order by name"
      : `select relname as name from pg_class where relnamespace = current_schema()::regnamespace
         union all select tgname from pg_trigger join pg_class on pg_class.oid = tgrelid
         where not tgisinternal and relnamespace = current_schema()::regnamespace order by 1`,
  );
  return rows.map((row) => String(row['name']));
}

const versionsOf = async (place: DatabasePlace) =>
  (await place.query('select version from schema_version')).map((row) => Number(row['version']));

/** Opens the database in processes of their own, all at once; each prints `open` when it could. */
async function openInProcesses(place: DatabasePlace, processes: number): Promise<string[]> {
  const script =
    place.kind === 'sqlite'
      ? `const { openSqliteDb } = await import('#platform/db');
         await using db = await openSqliteDb(process.env.ENTREPOT_DATA + '/entrepot.db');`
      : `const { openPostgresDb } = await import('#platform/db');
         await using db = await openPostgresDb({ url: process.env.ENTREPOT_DATABASE_URL, poolSize: 2, onIdleError() {} });`;
  const outcomes = Array.from({ length: processes }, () =>
    run(process.execPath, ['--input-type=module', '--eval', `${script} await db.probe(); console.log('open');`], {
      cwd: serverPackage,
      env: { ...process.env, ...place.env },
    }),
  );
  return (await Promise.all(outcomes)).map(({ stdout, stderr }) => (stdout + stderr).trim());
}

forEachDialect('the schema', (on) => {
  test('is made in an empty database and carries the version of the build', async () => {
    await using place = await on.makePlace({ empty: true });
    await openAndClose(place);
    const schema = await schemaOf(place);
    for (const name of ['project', 'repository', 'manifest', 'tag', 'blob', 'upload', 'audit', 'signing_key']) {
      assert.ok(schema.includes(name), name);
    }
    assert.deepEqual(await versionsOf(place), [migrations.length]);
  });

  test('is left as it is by a second start', async () => {
    await using place = await on.makePlace({ empty: true });
    await openAndClose(place);
    await place.query("insert into project (name, public, created_at, updated_at) values ('kept', 0, 1, 1)");
    const before = await schemaOf(place);
    await openAndClose(place);
    assert.deepEqual(await schemaOf(place), before);
    assert.deepEqual(await versionsOf(place), [migrations.length]);
    assert.equal((await place.query("select id from project where name = 'kept'")).length, 1);
  });

  test('of a newer build is refused with one sentence that says what to do', async () => {
    await using place = await on.makePlace({ empty: true });
    await openAndClose(place);
    await place.query('update schema_version set version = 4711');
    const schema = await schemaOf(place);
    await assert.rejects(openAndClose(place), (error) => {
      assert.ok(error instanceof DatabaseUnusable);
      assert.match(error.message, /version 4711.*this build knows \d+.*newer build.*Nothing was changed/s);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
    assert.deepEqual(await versionsOf(place), [4711]);
    assert.deepEqual(await schemaOf(place), schema);
  });

  test('is made once when several processes start on an empty database', async () => {
    await using place = await on.makePlace({ empty: true });
    assert.deepEqual(await openInProcesses(place, 3), ['open', 'open', 'open']);
    assert.deepEqual(await versionsOf(place), [migrations.length]);
  });

  test('lets several processes start on it at once', async () => {
    await using place = await on.makePlace({ empty: true });
    await openAndClose(place);
    assert.deepEqual(await openInProcesses(place, 2), ['open', 'open']);
  });
});

async function makeFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'entrepot-migrate-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test('a SQLite database of a newer build keeps every byte', async () => {
  await using folder = await makeFolder();
  const path = join(folder.path, 'entrepot.db');
  {
    await using db = await openSqliteDb(path);
    await db.probe();
  }
  const { DatabaseSync } = await import('node:sqlite');
  {
    using connection = new DatabaseSync(path);
    connection.exec('update schema_version set version = 4711; pragma wal_checkpoint(truncate)');
  }
  const before = await readFile(path);
  await assert.rejects(openSqliteDb(path), DatabaseUnusable);
  assert.ok(before.equals(await readFile(path)));
});

for (const [name, content] of [
  ['no database at all', 'this is a letter, not a database\n'.repeat(200)],
  ['a database cut short', 'SQLite format 3\0'],
] as const) {
  test(`a file that is ${name} is refused by name and left alone`, async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, 'entrepot.db');
    await writeFile(path, content);
    await assert.rejects(openSqliteDb(path), (error) => {
      assert.ok(error instanceof DatabaseUnusable, `not ${String(error)}`);
      assert.ok(error.message.includes(path), error.message);
      return true;
    });
    assert.equal(await readFile(path, 'utf8'), content);
  });
}

test('a folder where the database file should be is refused by name', async () => {
  await using folder = await makeFolder();
  await assert.rejects(openSqliteDb(folder.path), (error) => {
    assert.ok(error instanceof DatabaseUnusable);
    assert.ok(error.message.includes(folder.path));
    return true;
  });
});

test('a PostgreSQL that nobody runs is refused with the reason and without the password', async () => {
  const url = 'postgres://entrepot:canary-database-password@127.0.0.1:1/none';
  await assert.rejects(openPostgresDb({ url, poolSize: 1, onIdleError: () => undefined }), (error) => {
    assert.ok(error instanceof DatabaseUnusable);
    assert.match(error.message, /ECONNREFUSED/);
    assert.doesNotMatch(error.message, /canary/);
    return true;
  });
});

test('a SQLite database that is closed is one file, with nothing left beside it', async () => {
  await using folder = await makeFolder();
  const path = join(folder.path, 'entrepot.db');
  for (const reads of [false, true]) {
    const db = await openSqliteDb(path);
    if (reads) await db.read.selectFrom('project').select('id').execute();
    await db.probe();
    await db[Symbol.asyncDispose]();
    assert.deepEqual(await readdir(folder.path), ['entrepot.db'], reads ? 'after a read' : 'without a read');
  }
});
