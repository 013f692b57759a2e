import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'node:test';
import { type Db, openPostgresDb, openSqliteDb } from '#platform/db';

export interface TestDatabase extends AsyncDisposable {
  readonly db: Db;
}

/** Opens a fresh, migrated database. */
export type OpenTestDatabase = () => Promise<TestDatabase>;

async function openSqlite(): Promise<TestDatabase> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-db-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const db = stack.use(await openSqliteDb(join(folder, 'entrepot.db')));
  const owned = stack.move();
  return { db, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Runs the tests on SQLite, and on the PostgreSQL that `ENTREPOT_TEST_POSTGRES_URL` names. */
export function forEachDialect(name: string, tests: (open: OpenTestDatabase) => void): void {
  describe(`${name} on SQLite`, () => tests(openSqlite));
  const url = process.env['ENTREPOT_TEST_POSTGRES_URL'];
  describe(`${name} on PostgreSQL`, { skip: url === undefined ? 'ENTREPOT_TEST_POSTGRES_URL is not set' : false }, () =>
    tests(() => openSchema(url ?? '')),
  );
}

/** A schema of its own in the given database, removed afterwards. */
async function openSchema(url: string): Promise<TestDatabase> {
  const { Client } = await import('pg');
  const schema = `test_${crypto.randomUUID().replaceAll('-', '')}`;
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`create schema ${schema}`);
  const own = new URL(url);
  own.searchParams.set('options', `-c search_path=${schema}`);
  const db = await openPostgresDb({ url: own.href, poolSize: 4, onIdleError: () => undefined });
  return {
    db,
    async [Symbol.asyncDispose]() {
      await db[Symbol.asyncDispose]();
      await client.query(`drop schema ${schema} cascade`);
      await client.end();
    },
  };
}
