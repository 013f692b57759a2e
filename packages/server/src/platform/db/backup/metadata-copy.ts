import { createReadStream, existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { DatabaseUnusable } from '#platform/db';
import { migrations } from '#platform/db/migrations';
import { copySqlite, type NamedBlob } from '#platform/db/wal';
import { dumpPostgres, openPostgresSnapshot } from './dump-postgres.ts';

/** The metadata as they were at one moment, however long they are read. */
export interface MetadataCopy extends AsyncDisposable {
  readonly kind: 'sqlite' | 'postgres';
  /** Of the registry, for ever. */
  readonly store: string;
  /** Of the database's schema. */
  readonly version: number;
  /** When it was begun; everything in it was committed by then. */
  readonly at: number;
  /** Every blob that is named, by digest, many at a time. */
  blobs(): AsyncIterable<readonly NamedBlob[]>;
  /** A blob as it is named now, which may be elsewhere. Undefined when nobody names it any more. */
  findNow(digest: string): Promise<NamedBlob | undefined>;
  /** All of it: the database file of SQLite, the dump of PostgreSQL. */
  content(): AsyncIterable<Uint8Array>;
}

const busyMs = 5000;
const blobsPerRead = 5000;
const readBytes = 1024 * 1024;

/**
 * Copies a SQLite database that others may write to into the scratch file, which is removed with the copy. Rejects with
 * `DatabaseUnusable` when there is no such database, or one of another version than this build's.
 */
export async function copyLiveSqlite(path: string, scratch: string): Promise<MetadataCopy> {
  if (!existsSync(path)) {
    throw new DatabaseUnusable(
      `There is no database ${path}: name the folder of the registry with --data, or its file with --config.`,
    );
  }
  using source = new DatabaseSync(path, { readOnly: true, timeout: busyMs });
  removeScratch(scratch);
  source.exec('begin');
  readVersion(source);
  const at = Date.now();
  await copySqlite(source, scratch);
  return openSqliteCopy(scratch, path, at);
}

/** Takes a file that is a copy of the database at `live` already; it is removed with what this returns. */
export function openSqliteCopy(scratch: string, live: string, at: number): MetadataCopy {
  const db = new DatabaseSync(scratch, { timeout: busyMs });
  const version = readVersion(db);
  const { store } = db.prepare('select store from backup_mark').get() as { store: string };
  return {
    kind: 'sqlite',
    store,
    version,
    at,
    async *blobs() {
      const page = db.prepare('select id, digest, size, location from blob where digest > ? order by digest limit ?');
      for (let after = ''; ; ) {
        const rows = page.all(after, blobsPerRead) as unknown as NamedBlob[];
        if (rows.length > 0) yield rows;
        if (rows.length < blobsPerRead) return;
        after = rows.at(-1)?.digest ?? '';
      }
    },
    async findNow(digest) {
      using now = new DatabaseSync(live, { readOnly: true, timeout: busyMs });
      const row = now.prepare('select id, digest, size, location from blob where digest = ?').get(digest);
      return row as NamedBlob | undefined;
    },
    content: () => createReadStream(scratch, { highWaterMark: readBytes }),
    async [Symbol.asyncDispose]() {
      db.close();
      removeScratch(scratch);
    },
  };
}

/** Reads a PostgreSQL database in one transaction. Rejects with `DatabaseUnusable` as the above does. */
export async function openPostgresCopy(url: string): Promise<MetadataCopy> {
  const snapshot = await openPostgresSnapshot(url);
  try {
    const { client } = snapshot;
    const found = await client.query<{ version: number }>('select version from schema_version');
    const at = Date.now();
    const version = assertOurs(Number(found.rows[0]?.version));
    const mark = await client.query<{ store: string }>('select store from backup_mark');
    return {
      kind: 'postgres',
      store: mark.rows[0]?.store ?? '',
      version,
      at,
      async *blobs() {
        for (let after = ''; ; ) {
          const { rows } = await client.query<{ id: string; digest: string; size: string; location: string }>(
            'select id, digest, size, location from blob where digest > $1 order by digest limit $2',
            [after, blobsPerRead],
          );
          if (rows.length > 0) yield rows.map((row) => ({ ...row, id: Number(row.id), size: Number(row.size) }));
          if (rows.length < blobsPerRead) return;
          after = rows.at(-1)?.digest ?? '';
        }
      },
      findNow: (digest) => findNow(url, digest),
      content: () => dumpPostgres(snapshot),
      [Symbol.asyncDispose]: () => snapshot[Symbol.asyncDispose](),
    };
  } catch (error) {
    await snapshot[Symbol.asyncDispose]();
    throw error;
  }
}

async function findNow(url: string, digest: string): Promise<NamedBlob | undefined> {
  // The transaction of the copy sees what was then.
  await using now = await openPostgresSnapshot(url);
  const { rows } = await now.client.query<{ id: string; digest: string; size: string; location: string }>(
    'select id, digest, size, location from blob where digest = $1',
    [digest],
  );
  return rows[0] && { ...rows[0], id: Number(rows[0].id), size: Number(rows[0].size) };
}

function readVersion(db: DatabaseSync): number {
  let version: unknown;
  try {
    version = db.prepare('select version from schema_version').get()?.['version'];
  } catch (error) {
    throw new DatabaseUnusable('The database is not one of a registry.', error);
  }
  return assertOurs(Number(version));
}

function assertOurs(version: number): number {
  if (version === migrations.length) return version;
  throw new DatabaseUnusable(
    `The database has version ${version}, this build makes version ${migrations.length} of it: ` +
      'use the build that runs, or start the registry of this build first. Nothing was changed.',
  );
}

/** With what SQLite makes beside it. */
function removeScratch(path: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${end}`, { force: true });
}
