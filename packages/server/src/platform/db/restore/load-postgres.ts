import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import { Pool } from 'pg';
import { DatabaseUnusable } from '#platform/db';
import { migrations } from '#platform/db/migrations';
import { type EndFact, factMark, type SequenceFact, type TableFact } from '#platform/db/backup';

const rowsPerInsert = 500;
/** Rows are sent together up to so many characters. */
const textPerInsert = 4 * 1024 * 1024;

type Open = Transaction<unknown>;

/**
 * Loads a dump into an empty schema, in one transaction: all of it or nothing. Rejects with `DatabaseUnusable` when the
 * schema has tables, when the dump is of a newer version than this build, or when it is cut short.
 */
export async function loadPostgres(url: string, version: number, lines: AsyncIterable<string>): Promise<void> {
  assertKnown(version);
  const pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 5000 });
  pool.on('error', () => undefined);
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    await db.transaction().execute((trx) => load(trx, version, lines));
  } catch (error) {
    if (error instanceof DatabaseUnusable) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DatabaseUnusable(
      `The PostgreSQL database cannot be restored into: ${reason}. Nothing was changed.`,
      error,
    );
  } finally {
    await db.destroy();
  }
}

/** Throws `DatabaseUnusable` for a version of the database that this build does not know. */
export function assertKnown(version: number): void {
  if (version <= migrations.length) return;
  throw new DatabaseUnusable(
    `The backup holds a database of version ${version}, this build knows ${migrations.length}: use the newer build. Nothing was changed.`,
  );
}

async function load(trx: Open, version: number, lines: AsyncIterable<string>): Promise<void> {
  const there = await sql<{ n: string }>`select count(*) as n from pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r'`.execute(trx);
  if (Number(there.rows[0]?.n) > 0) {
    throw new DatabaseUnusable('The PostgreSQL database has tables already: name an empty one. Nothing was changed.');
  }
  for (const migration of migrations.slice(0, version)) await migration.up(trx as Kysely<unknown>, 'postgres');
  await sql.raw('create table schema_version (version integer not null)').execute(trx);
  await sql`insert into schema_version (version) values (${version})`.execute(trx);
  const constraints = await dropForeignKeys(trx);
  await withoutTriggers(trx, () => insertAll(trx, lines));
  for (const { table, name, definition } of constraints) {
    await sql`alter table ${sql.table(table)} add constraint ${sql.id(name)} ${sql.raw(definition)}`.execute(trx);
  }
}

/** Rows come table by table, whatever refers to what. */
async function dropForeignKeys(trx: Open) {
  const { rows } = await sql<{ table: string; name: string; definition: string }>`
    select c.relname::text as table, k.conname::text as name, pg_get_constraintdef(k.oid) as definition
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where k.connamespace = current_schema()::regnamespace and k.contype = 'f'`.execute(trx);
  for (const { table, name } of rows) {
    await sql`alter table ${sql.table(table)} drop constraint ${sql.id(name)}`.execute(trx);
  }
  return rows;
}

async function withoutTriggers(trx: Open, work: () => Promise<void>): Promise<void> {
  const { rows } = await sql<{ table: string }>`
    select relname::text as table from pg_class
    where relnamespace = current_schema()::regnamespace and relkind = 'r' and relname <> 'schema_version'`.execute(trx);
  const alter = async (how: 'disable' | 'enable') => {
    for (const { table } of rows) {
      await sql`alter table ${sql.table(table)} ${sql.raw(how)} trigger user`.execute(trx);
    }
  };
  await alter('disable');
  // What the migrations themselves put there comes with the rows again.
  if (rows.length > 0) await sql`truncate ${sql.join(rows.map(({ table }) => sql.table(table)))}`.execute(trx);
  await work();
  await alter('enable');
}

async function insertAll(trx: Open, lines: AsyncIterable<string>): Promise<void> {
  let target: TableFact | undefined;
  let rows = 0;
  let expected: number | undefined;
  let batch: string[] = [];
  let text = 0;
  const flush = async () => {
    if (target === undefined || batch.length === 0) return;
    const columns = sql.join(target.columns.map((column) => sql.id(column)));
    await sql`insert into ${sql.table(target.table)} (${columns}) overriding system value
      select ${columns} from json_populate_recordset(null::${sql.table(target.table)}, ${`[${batch.join(',')}]`}::json)`.execute(
      trx,
    );
    batch = [];
    text = 0;
  };
  for await (const line of lines) {
    if (!line.startsWith(factMark)) {
      rows += 1;
      text += line.length;
      batch.push(line);
      if (batch.length >= rowsPerInsert || text > textPerInsert) await flush();
      continue;
    }
    await flush();
    const fact = JSON.parse(line.slice(factMark.length)) as TableFact | SequenceFact | EndFact;
    if ('table' in fact) target = fact;
    else if ('sequenceOf' in fact) await setSequence(trx, fact);
    else expected = fact.rows;
  }
  if (expected !== rows) {
    throw new DatabaseUnusable('The copy of the database in the backup is cut short. Nothing was changed.');
  }
}

async function setSequence(trx: Open, { sequenceOf, column, value }: SequenceFact): Promise<void> {
  await sql`select setval(pg_get_serial_sequence(quote_ident(${sequenceOf}), ${column}), ${value}::bigint, false)`.execute(
    trx,
  );
}
