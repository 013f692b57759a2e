import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe } from 'node:test';
import { Client } from 'pg';
import { type Db, openPostgresDb, openSqliteDb } from '#platform/db';

type Row = Readonly<Record<string, unknown>>;

/** Where a database can be: empty at first, gone with the test. */
export interface DatabasePlace extends AsyncDisposable {
  readonly kind: Db['kind'];
  /** Opens it as the product does; twice, as two processes would. The caller closes it. */
  open(): Promise<Db>;
  /** Runs one statement on a connection of its own, past all stores. */
  query(sql: string): Promise<readonly Row[]>;
  /** What an operator sets to have a registry on it. */
  readonly env: Readonly<Record<string, string>>;
}

/** A fresh, migrated database. */
export interface TestDatabase extends AsyncDisposable {
  readonly db: Db;
  readonly query: DatabasePlace['query'];
}

export interface Dialect {
  readonly kind: Db['kind'];
  makePlace(): Promise<DatabasePlace>;
  open(): Promise<TestDatabase>;
}

export async function makeSqlitePlace(): Promise<DatabasePlace> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-db-'));
  const path = join(folder, 'entrepot.db');
  return {
    kind: 'sqlite',
    open: () => openSqliteDb(path),
    async query(sql) {
      using connection = new DatabaseSync(path, { timeout: 2000 });
      return connection.prepare(sql).all();
    },
    env: { ENTREPOT_DATA: folder },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A schema of its own in the PostgreSQL that is there for the tests. */
async function makePostgresPlace(server: string): Promise<DatabasePlace> {
  const schema = `test_${crypto.randomUUID().replaceAll('-', '')}`;
  const client = new Client({ connectionString: server });
  await client.connect();
  await client.query(`create schema ${schema}`);
  await client.query(`set search_path to ${schema}`);
  const own = new URL(server);
  // What a test database holds need not outlive the machine.
  own.searchParams.set('options', `-c search_path=${schema} -c synchronous_commit=off`);
  return {
    kind: 'postgres',
    open: () => openPostgresDb({ url: own.href, poolSize: 4, onIdleError: () => undefined }),
    query: async (sql) => (await client.query(sql)).rows as Row[],
    // Registries on one database share their key; each has a data folder of its own here.
    env: { ENTREPOT_DATABASE_URL: own.href, ENTREPOT_SECRET_KEY: randomBytes(32).toString('base64') },
    async [Symbol.asyncDispose]() {
      await client.query(`drop schema ${schema} cascade`);
      await client.end();
    },
  };
}

function dialect(kind: Db['kind'], makePlace: () => Promise<DatabasePlace>): Dialect {
  return {
    kind,
    makePlace,
    async open() {
      await using stack = new AsyncDisposableStack();
      const place = stack.use(await makePlace());
      const db = stack.use(await place.open());
      const owned = stack.move();
      return { db, query: place.query, [Symbol.asyncDispose]: () => owned.disposeAsync() };
    },
  };
}

const postgresUrl = process.env['ENTREPOT_TEST_POSTGRES_URL'];
const withoutPostgres =
  postgresUrl === undefined &&
  (process.env['ENTREPOT_TEST_POSTGRES_MISSING'] ?? 'ENTREPOT_TEST_POSTGRES_URL is not set');

/**
 * Declares the tests once for SQLite and once for PostgreSQL. `tools/run-tests.ts` starts a PostgreSQL for this; where
 * it cannot, the second half is reported as skipped with the reason.
 */
export function forEachDialect(name: string, tests: (on: Dialect) => void): void {
  describe(`${name} on SQLite`, () => tests(dialect('sqlite', makeSqlitePlace)));
  describe(`${name} on PostgreSQL`, { skip: withoutPostgres }, () =>
    tests(dialect('postgres', () => makePostgresPlace(postgresUrl ?? ''))),
  );
}
