import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe } from 'node:test';
import { Client } from 'pg';
import { type Db, openPostgresDb, openSqliteDb } from '#platform/db';

type Row = Readonly<Record<string, unknown>>;

/** Where a database can be, gone with the test. */
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

export interface PlaceOptions {
  /** Without a table; else it may be as this build makes it, with nothing in it. */
  readonly empty?: boolean;
}

export interface Dialect {
  readonly kind: Db['kind'];
  readonly makePlace: (options?: PlaceOptions) => Promise<DatabasePlace>;
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

/** Any number, the same in all processes of the tests. */
const templateLock = 7_301_522;

/** The name of a database that was brought to this build, made by the first who asks: that takes a second, a copy of it a tenth. */
async function ensureTemplate(server: string, client: Client): Promise<string> {
  const folder = join(import.meta.dirname, '../src/platform/db/migrations');
  const hash = createHash('sha256');
  for (const file of (await readdir(folder)).toSorted()) hash.update(await readFile(join(folder, file)));
  const name = `template_${hash.digest('hex').slice(0, 32)}`;
  await client.query('select pg_advisory_lock($1)', [templateLock]);
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount === 0) {
      const draft = `draft_${randomBytes(8).toString('hex')}`;
      await client.query(`create database ${draft}`);
      const db = await openPostgresDb({ url: addressOf(server, draft), poolSize: 1, onIdleError: () => undefined });
      await db[Symbol.asyncDispose]();
      await client.query(`alter database ${draft} rename to ${name}`);
    }
  } finally {
    await client.query('select pg_advisory_unlock($1)', [templateLock]);
  }
  return name;
}

function addressOf(server: string, database: string): string {
  const own = new URL(server);
  own.pathname = `/${database}`;
  // What a test database holds need not outlive the machine.
  own.searchParams.set('options', '-c synchronous_commit=off');
  return own.href;
}

let template: Promise<string> | undefined;

/** A database of its own in the PostgreSQL that is there for the tests. */
async function makePostgresPlace(server: string, { empty = false }: PlaceOptions = {}): Promise<DatabasePlace> {
  await using stack = new AsyncDisposableStack();
  const keeper = new Client({ connectionString: server });
  await keeper.connect();
  stack.defer(() => keeper.end());
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`;
  if (empty) {
    await keeper.query(`create database ${name}`);
  } else {
    template ??= ensureTemplate(server, keeper);
    await keeper.query(`create database ${name} template ${await template}`);
  }
  stack.defer(async () => void (await keeper.query(`drop database ${name} with (force)`)));
  const address = addressOf(server, name);
  const client = new Client({ connectionString: address });
  await client.connect();
  stack.defer(() => client.end());
  const owned = stack.move();
  return {
    kind: 'postgres',
    open: () => openPostgresDb({ url: address, poolSize: 4, onIdleError: () => undefined }),
    query: async (sql) => (await client.query(sql)).rows as Row[],
    // Registries on one database share their key; each has a data folder of its own here.
    env: { ENTREPOT_DATABASE_URL: address, ENTREPOT_SECRET_KEY: randomBytes(32).toString('base64') },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function dialect(kind: Db['kind'], makePlace: Dialect['makePlace']): Dialect {
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
    tests(dialect('postgres', (options) => makePostgresPlace(postgresUrl ?? '', options))),
  );
}
