import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import type { NamedBlob } from '#platform/db/wal';

/** A restored database before a registry has it. */
export interface RestoredDatabase extends AsyncDisposable {
  countBlobs(): Promise<number>;
  /** By id, many at a time. */
  blobs(): AsyncIterable<readonly NamedBlob[]>;
  /** Names the places where bytes had to be put instead. */
  moveBlobs(moved: readonly { readonly digest: string; readonly location: string }[]): Promise<void>;
}

const perRead = 2000;

/** Throws when the file is not a registry's database. */
export function openRestoredSqlite(path: string): RestoredDatabase {
  const db = new DatabaseSync(path);
  const page = db.prepare('select id, digest, size, location from blob where id > ? order by id limit ?');
  const move = db.prepare('update blob set location = ? where digest = ?');
  return {
    countBlobs: async () => Number(db.prepare('select count(*) as n from blob').get()?.['n']),
    async *blobs() {
      for (let after = 0; ; ) {
        const rows = page.all(after, perRead) as unknown as NamedBlob[];
        if (rows.length > 0) yield rows;
        if (rows.length < perRead) return;
        after = rows.at(-1)?.id ?? 0;
      }
    },
    async moveBlobs(moved) {
      db.exec('begin');
      for (const { digest, location } of moved) move.run(location, digest);
      db.exec('commit');
    },
    async [Symbol.asyncDispose]() {
      db.close();
    },
  };
}

/** Rejects when the database does not answer. */
export async function openRestoredPostgres(url: string): Promise<RestoredDatabase> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  return {
    async countBlobs() {
      const { rows } = await client.query<{ n: string }>('select count(*) as n from blob');
      return Number(rows[0]?.n);
    },
    async *blobs() {
      for (let after = 0; ; ) {
        const { rows } = await client.query<{ id: string; digest: string; size: string; location: string }>(
          'select id, digest, size, location from blob where id > $1 order by id limit $2',
          [after, perRead],
        );
        if (rows.length > 0) yield rows.map((row) => ({ ...row, id: Number(row.id), size: Number(row.size) }));
        if (rows.length < perRead) return;
        after = Number(rows.at(-1)?.id);
      }
    },
    async moveBlobs(moved) {
      await client.query(
        'update blob set location = moved.location from unnest($1::text[], $2::text[]) as moved (digest, location) where blob.digest = moved.digest',
        [moved.map(({ digest }) => digest), moved.map(({ location }) => location)],
      );
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** Whether the schema that the address names has no table. Rejects when the database does not answer. */
export async function isEmptyPostgres(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    const { rowCount } = await client.query(
      "select 1 from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r' limit 1",
    );
    return rowCount === 0;
  } finally {
    await client.end();
  }
}

/** Makes a database of its own on the server, and removes it when disposed. Rejects when that may not be done. */
export async function makeScratchPostgres(
  url: string,
  name: string,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    await client.query(`create database "${name}"`);
  } catch (error) {
    await client.end();
    throw error;
  }
  const made = new URL(url);
  made.pathname = `/${name}`;
  made.searchParams.delete('options');
  return {
    url: made.href,
    async [Symbol.asyncDispose]() {
      try {
        await client.query(`drop database "${name}" with (force)`);
      } finally {
        await client.end();
      }
    },
  };
}
