import { Client } from 'pg';
import { DatabaseUnusable } from '#platform/db';

/** A line of a dump that is no row begins so. */
export const factMark = '#';

/** What is told of a table before its rows, which come as PostgreSQL's own JSON, one a line. */
export interface TableFact {
  readonly table: string;
  readonly columns: readonly string[];
}

/** Where a table's ids go on. */
export interface SequenceFact {
  readonly sequenceOf: string;
  readonly column: string;
  readonly value: string;
}

export interface EndFact {
  readonly rows: number;
}

const rowsPerFetch = 2000;
const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** A connection that sees the database as it is at one moment, and may not change it. */
export interface PostgresSnapshot extends AsyncDisposable {
  readonly client: Client;
}

/** Begins it. Rejects with `DatabaseUnusable` when the database does not answer or is no registry's. */
export async function openPostgresSnapshot(url: string): Promise<PostgresSnapshot> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    await client.query('begin isolation level repeatable read read only');
    await client.query('select version from schema_version');
  } catch (error) {
    await client.end().catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    throw new DatabaseUnusable(`The PostgreSQL database cannot be read: ${reason}.`, error);
  }
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

/** All rows of all tables of the schema, as lines, each with its end. */
export async function* dumpPostgres({ client }: PostgresSnapshot): AsyncGenerator<Buffer, void, void> {
  const fact = (value: TableFact | SequenceFact | EndFact) => Buffer.from(`${factMark}${JSON.stringify(value)}\n`);
  let rows = 0;
  for (const table of await listTables(client)) {
    yield fact(table);
    const columns = table.columns.map(quote).join(', ');
    await client.query(
      `declare dump no scroll cursor for select row_to_json(r)::text as row from (select ${columns} from ${quote(table.table)}) r`,
    );
    for (;;) {
      const found = await client.query<{ row: string }>(`fetch ${rowsPerFetch} from dump`);
      if (found.rows.length === 0) break;
      rows += found.rows.length;
      yield Buffer.from(`${found.rows.map(({ row }) => row).join('\n')}\n`);
    }
    await client.query('close dump');
  }
  for (const sequence of await listSequences(client)) yield fact(sequence);
  yield fact({ rows });
}

async function listTables(client: Client): Promise<readonly TableFact[]> {
  const { rows } = await client.query<{ table: string; columns: string[] }>(
    `select c.relname::text as table, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       and a.attgenerated = ''
     where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relname <> 'schema_version'
     group by c.relname order by c.relname`,
  );
  return rows;
}

async function listSequences(client: Client): Promise<readonly SequenceFact[]> {
  const { rows } = await client.query<{ table: string; column: string; sequence: string }>(
    `select c.relname::text as table, a.attname::text as column,
       pg_get_serial_sequence(quote_ident(c.relname), a.attname) as sequence
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attidentity <> '' and not a.attisdropped
     where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' order by c.relname`,
  );
  const facts: SequenceFact[] = [];
  for (const { table, column, sequence } of rows) {
    // A sequence is read as it is now: ids that were drawn since are not given again.
    const found = await client.query<{ value: string }>(
      `select (last_value + case when is_called then 1 else 0 end)::text as value from ${sequence}`,
    );
    facts.push({ sequenceOf: table, column, value: found.rows[0]?.value ?? '1' });
  }
  return facts;
}
