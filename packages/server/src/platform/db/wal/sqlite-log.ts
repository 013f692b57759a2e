import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { decodeChange, encodeChange } from './change-code.ts';
import { copySqlite } from './copy-sqlite.ts';
import { findEnd, readChange } from './wal-file.ts';
import { type Change, isSamePosition, markOf, type WalPosition } from './wal-position.ts';

/** A blob as the database names it. */
export interface NamedBlob {
  readonly id: number;
  readonly digest: string;
  readonly size: number;
  readonly location: string;
}

/** A copy of the whole database that is being made. */
export interface OpenCopy {
  /** What the copy will hold ends here. */
  readonly position: WalPosition;
  /** What was committed before and not yet taken. */
  readonly change: Change | undefined;
  /** That changes are counted from it: there was no position before, or it was lost. */
  readonly isNew: boolean;
  /** Writes it to a new file. */
  write(path: string): Promise<void>;
  [Symbol.dispose](): void;
}

/**
 * The committed changes of a SQLite database that others write to, in their order and without a gap. While it is open,
 * nobody else makes the write-ahead log start over: a reader of its own is in the way.
 */
export interface SqliteLog extends Disposable {
  /** Of the registry, for ever. */
  readonly store: string;
  /** Goes on where an earlier process ended. False when the changes since cannot be shown to be all there. */
  resume(position: WalPosition): boolean;
  /**
   * The next change, again until it is confirmed; blobs that came with it are listed from then on. `lost` when there is
   * no telling what was committed since.
   */
  take(maxPages: number): Change | 'lost' | undefined;
  /** That the change is safe elsewhere. */
  confirm(change: Change): void;
  /** Begins a copy. Changes are counted from it when there was no position before. */
  openCopy(): OpenCopy;
  /** Has the log start over, when that can be done without losing a change. */
  restart(): boolean;
  /** Makes room when changes cannot be shipped for long: they are lost. */
  giveUp(): void;
  logBytes(): number;
  newestBlobId(): number;
  /** Blobs of larger ids than `after`, by id. */
  listBlobs(after: number, limit: number): readonly NamedBlob[];
  /** Where the bytes of a blob are now; undefined when nobody names it any more. */
  findBlob(digest: string): NamedBlob | undefined;
}

const busyMs = 5000;

/** Opens it on the file of a database that a registry has open, and which has this build's version. */
export function openSqliteLog(path: string): SqliteLog {
  const wal = `${path}-wal`;
  const spool = `${path}-unshipped`;
  const stack = new DisposableStack();
  const open = (readOnly: boolean) => {
    const made = new DatabaseSync(path, { readOnly, timeout: busyMs });
    stack.defer(() => made.close());
    return made;
  };
  const writer = open(false);
  const checkpointer = open(false);
  const reader = open(true);
  for (const connection of [writer, checkpointer]) connection.exec('pragma wal_autocheckpoint = 0');
  const holders = [open(true), open(true)] as const;
  let holder: DatabaseSync | undefined;

  let position: WalPosition | undefined;
  let spooled: Change | undefined;

  const { store } = reader.prepare('select store from backup_mark').get() as { store: string };
  const setMark = writer.prepare('update backup_mark set mark = ?');
  const list = reader.prepare('select id, digest, size, location from blob where id > ? order by id limit ?');
  const newest = reader.prepare('select coalesce(max(id), 0) as id from blob');
  const find = reader.prepare('select id, digest, size, location from blob where digest = ?');

  /** Nobody writes meanwhile. What the work leaves open is undone. */
  function locked<T>(work: () => T): T {
    writer.exec('begin immediate');
    try {
      return work();
    } finally {
      if (writer.isTransaction) writer.exec('rollback');
    }
  }

  /** From here on a reader is at the present end of the log, and no earlier. */
  function hold(): void {
    const next = holder === holders[0] ? holders[1] : holders[0];
    next.exec('begin');
    next.prepare('select store from backup_mark').get();
    release();
    holder = next;
  }

  function release(): void {
    holder?.exec('rollback');
    holder = undefined;
  }

  function checkpoint(mode: 'passive' | 'truncate'): { readonly log: number; readonly done: number } {
    const row = checkpointer.prepare(`pragma wal_checkpoint(${mode})`).get() as { log: number; checkpointed: number };
    return { log: row.log, done: row.checkpointed };
  }

  /** Where the log ends; undefined when it is empty or does not go on from the position. */
  const endNow = () => findEnd(wal, spooled?.to ?? position);

  /** Writes the mark of the log's end as a transaction, and holds the log from there on. */
  function markEnd(): void {
    locked(() => {
      const end = endNow();
      // SQLite writes no page that stays the same.
      setMark.run(end === undefined ? randomUUID() : markOf(end));
      writer.exec('commit');
    });
    hold();
  }

  function writeSpool(change: Change): void {
    const fd = openSync(spool, 'w', 0o600);
    try {
      const bytes = encodeChange(change);
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  function readSpool(from: WalPosition): Change | undefined {
    try {
      const change = decodeChange(readFileSync(spool));
      return isSamePosition(change.from, from) ? change : undefined;
    } catch {
      // It is not there, or was not finished: then the log did not start over either.
      return undefined;
    }
  }

  function dropSpool(): void {
    spooled = undefined;
    rmSync(spool, { force: true });
  }

  return {
    store,

    resume(from) {
      spooled = readSpool(from);
      position = from;
      if (endNow() === undefined) {
        position = undefined;
        spooled = undefined;
        markEnd();
        return false;
      }
      markEnd();
      return true;
    },

    take(maxPages) {
      if (position === undefined) return 'lost';
      const change = spooled ?? readChange(wal, position, maxPages);
      // A commit is in the file before readers see it: whoever looks up what came with the change has to see it.
      if (change !== undefined && change !== 'lost') locked(() => undefined);
      return change;
    },

    confirm(change) {
      position = change.to;
      if (change === spooled) dropSpool();
    },

    openCopy() {
      if (holder === undefined) markEnd();
      const copier = new DatabaseSync(path, { readOnly: true, timeout: busyMs });
      try {
        return locked(() => {
          let change: Change | undefined;
          if (position !== undefined) {
            if (spooled !== undefined) throw new Error('A change waits to be shipped.');
            const found = readChange(wal, position, Number.POSITIVE_INFINITY);
            if (found === 'lost') position = undefined;
            else change = found;
          }
          const end = change?.to ?? position ?? findEnd(wal);
          if (end === undefined) throw new Error('The write-ahead log is empty although it is held.');
          copier.exec('begin');
          copier.prepare('select store from backup_mark').get();
          const isNew = position === undefined;
          position ??= end;
          return {
            position: end,
            change,
            isNew,
            write: (to: string) => copySqlite(copier, to),
            [Symbol.dispose]: () => copier.close(),
          };
        });
      } catch (error) {
        copier.close();
        throw error;
      }
    },

    restart() {
      if (position === undefined || spooled !== undefined) return false;
      // The bulk of it, while others write.
      checkpoint('passive');
      const emptied = locked(() => {
        hold();
        return checkpoint('passive');
      });
      if (emptied.done < emptied.log) return false;
      const restarted = locked(() => {
        const change = position === undefined ? 'lost' : readChange(wal, position, Number.POSITIVE_INFINITY);
        if (change === 'lost' || position === undefined) return false;
        const end = change?.to ?? position;
        // Somebody wrote in between; his frames are not in the database yet.
        if (end.frames !== emptied.log) return false;
        if (change !== undefined) writeSpool(change);
        release();
        setMark.run(markOf(end));
        writer.exec('commit');
        spooled = change;
        return true;
      });
      if (holder === undefined) hold();
      return restarted;
    },

    giveUp() {
      dropSpool();
      position = undefined;
      release();
      checkpoint('truncate');
      markEnd();
    },

    logBytes: () => statSync(wal, { throwIfNoEntry: false })?.size ?? 0,
    newestBlobId: () => (newest.get() as { id: number }).id,
    listBlobs: (after, limit) => list.all(after, limit) as unknown as NamedBlob[],
    findBlob: (digest) => find.get(digest) as NamedBlob | undefined,

    [Symbol.dispose]() {
      release();
      stack.dispose();
    },
  };
}
