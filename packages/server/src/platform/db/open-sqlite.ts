import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type CompiledQuery, Kysely, sql, SqliteDialect } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import type { Db } from './db.ts';
import { makeFolders } from '#platform/folders';
import { DatabaseUnusable, migrate } from './migrate.ts';
import { compileStatement } from './prepared.ts';
import type { Database } from './schema/database.ts';
import { createReadMemo, type ReadMemo } from './read-memo.ts';
import { openBackground } from './sqlite/background.ts';
import { createBatchWriter } from './sqlite/batch-writer.ts';
import { createCheckpointer } from './sqlite/checkpointer.ts';
import { type LogSync, openLogSync } from './sqlite/log-sync.ts';
import { openSqlite } from './sqlite/connection.ts';
import { createLocalSignals } from './signals.ts';
import { signalAfter, wrapTransaction } from './transaction.ts';

/** How long a write waits for another process (a worker, a backup) that holds the database. */
const busyMs = 5000;

/**
 * Opens the database file, made if it is not there, and brings it up to this build's version.
 * `alone` says that no other process writes to it, so that hot reads may be remembered until the next commit.
 * `shipped` leaves it to somebody else when the write-ahead log starts over: he reads all of it first.
 * `upgrade: false` takes it only as this build left it. Rejects with `DatabaseUnusable` when the file cannot be opened, written or understood.
 */
export async function openSqliteDb(
  path: string,
  options: { readonly alone?: boolean; readonly upgrade?: boolean; readonly shipped?: boolean } = {},
): Promise<Db> {
  const writer = openOrExplain(path);
  const lock = options.alone === true ? lockOthersOut(path) : undefined;
  if (options.shipped === true) writer.raw.exec('pragma wal_autocheckpoint = 0');
  writer.raw.exec('pragma synchronous = full');
  writer.raw.exec('pragma trusted_schema = off');
  const write = new Kysely<Database>({ dialect: new SqliteDialect({ database: writer }) });
  let log: LogSync;
  try {
    await migrate(write as Kysely<unknown>, 'sqlite', options.upgrade);
    log = await openLogSync(path);
  } catch (error) {
    await write.destroy();
    throw error instanceof DatabaseUnusable ? error : explain(path, error);
  }
  // NORMAL leaves the sync of a commit to us: it is done before the commit is answered, but not in this thread.
  writer.raw.exec('pragma synchronous = normal');
  const { synchronous } = writer.raw.prepare('pragma synchronous').get() as { synchronous: number };
  if (synchronous !== 1) throw new DatabaseUnusable(`SQLite at ${path} refuses synchronous=NORMAL.`);
  const reader = openSqlite(path, { readOnly: true, busyMs });
  // Only who has read once keeps the writer from emptying the log when it is closed.
  if (options.shipped === true) reader.raw.exec('select version from schema_version');
  const read = new Kysely<Database>({ dialect: new SqliteDialect({ database: reader }) });
  const background = openBackground<Database>({ path, busyMs });
  const signalled = new Set<string>();
  const tx: Transaction = wrapTransaction(write, signalled);
  const signals = createLocalSignals();
  const memos: ReadMemo[] = [];
  const committed = () => {
    for (const memo of memos) memo.clear();
    if (signalled.size === 0) return;
    const channels = [...signalled];
    signalled.clear();
    signals.wake(channels);
  };
  let closed = false;
  const checkpointer = options.shipped === true ? undefined : createCheckpointer(writer.raw, path);
  const transact = createBatchWriter({
    raw: writer.raw,
    run: (work) => work(tx) as Promise<never>,
    log,
    checkpointer,
    onCommit: committed,
  });
  return {
    kind: 'sqlite',
    read,
    background,
    transact,
    signals: { send: signalAfter, listen: signals.listen },
    stamp: (now) => sql<number>`${now}`,
    prepareFirst<Row>(build: Parameters<Db['prepareFirst']>[0]) {
      const compiled = compileStatement(
        read,
        build as (db: Kysely<Database>) => CompiledQuery & { compile(): CompiledQuery },
      );
      const statement = reader.statement(compiled.sql);
      const look = (bound: (string | number)[]) => statement.get(...bound) as Row | undefined;
      if (options.alone !== true) return (values) => look(compiled.bind(values));
      const memo = createReadMemo<Row>();
      memos.push(memo);
      return (values) => {
        const bound = compiled.bind(values);
        return memo.get(bound, look);
      };
    },
    probe: () => transact(async () => undefined, { durable: false }),
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      await log[Symbol.asyncDispose]();
      await checkpointer?.[Symbol.asyncDispose]();
      await background.destroy();
      // Who goes last decides: a writer empties the log, a reader leaves it for those who read on from there.
      if (options.shipped === true) await write.destroy();
      await read.destroy();
      // Kysely closes only what it was asked for something.
      if (reader.raw.isOpen) reader.close();
      await write.destroy();
      lock?.close();
    },
  };
}

/**
 * Holds a lock that the system takes back when the process ends, however it ends: what one process remembers of its
 * reads, and who writes to an upload, is not for a second one to change.
 */
function lockOthersOut(path: string): DatabaseSync {
  const lock = new DatabaseSync(`${path}.lock`, { timeout: 0 });
  try {
    lock.exec('begin exclusive');
    return lock;
  } catch (error) {
    lock.close();
    const folder = dirname(path);
    throw new DatabaseUnusable(`Another registry runs on ${folder}: stop it, or give --data another folder.`, error);
  }
}

function openOrExplain(path: string) {
  try {
    makeFolders(dirname(path));
    const writer = openSqlite(path, { readOnly: false, busyMs });
    // The first look at the file: what is no database is found out here.
    writer.raw.exec('pragma journal_mode = wal');
    return writer;
  } catch (error) {
    throw explain(path, error);
  }
}

/** SQLite calls a full disk an I/O error where it cannot make room for its shared memory, so the disk is asked. */
function explain(path: string, error: unknown): DatabaseUnusable {
  if (isFull(dirname(path))) {
    return new DatabaseUnusable(
      `There is no space left on the disk of ${path}: make room and start again. Nothing was changed.`,
      error,
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new DatabaseUnusable(`The database ${path} cannot be used: ${reason}.`, error);
}

function isFull(folder: string): boolean {
  try {
    return statfsSync(folder).bavail === 0;
  } catch {
    return false;
  }
}
