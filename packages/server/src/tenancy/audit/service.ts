import type { Clock } from '#kernel/clock';
import type { Transact, Transaction } from '#kernel/transaction';
import type { AuditStore } from './store.ts';
import type { AuditEntry } from './types.ts';

export interface Audit extends AsyncDisposable {
  /** Writes the row in the transaction that makes the change: one row for each change that happened, none for others. */
  write(tx: Transaction, entry: AuditEntry): Promise<void>;
  /** Notes a read or a refusal. It costs the caller nothing and is written with others within a second. */
  note(entry: AuditEntry): void;
  /** Writes what was noted so far. */
  flush(): Promise<void>;
}

export interface AuditDeps {
  readonly store: AuditStore;
  readonly transact: Transact;
  readonly clock: Clock;
  /** Told when noted rows could not be written; they are kept and tried again. */
  readonly onError: (error: unknown, kept: number) => void;
}

const flushMs = 500;

/** Rows written in one go: the loop serves pulls in between. */
const rowsPerFlush = 200;

/** Beyond this, notes are written at once; far beyond it (a database gone for long) the oldest are given up. */
const flushRows = 5000;
const mostKept = 200_000;

export function createAudit({ store, transact, clock, onError }: AuditDeps): Audit {
  const noted: { entry: AuditEntry; at: number }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();

  async function writeNoted(): Promise<void> {
    if (timer !== undefined) clearTimeout(timer);
    timer = undefined;
    while (noted.length > 0) {
      const batch = noted.splice(0, rowsPerFlush);
      try {
        await transact((tx) => store.insert(tx, batch), { durable: false, unread: true });
      } catch (error) {
        noted.unshift(...batch);
        noted.splice(0, Math.max(0, noted.length - mostKept));
        onError(error, noted.length);
        schedule();
        return;
      }
    }
  }

  function schedule(): void {
    timer ??= setTimeout(() => void flush(), flushMs);
  }

  function flush(): Promise<void> {
    flushing = flushing.then(writeNoted);
    return flushing;
  }

  return {
    write: (tx, entry) => store.insert(tx, [{ entry, at: clock() }]),
    note(entry) {
      noted.push({ entry, at: clock() });
      if (noted.length === flushRows) void flush();
      else schedule();
    },
    flush,
    async [Symbol.asyncDispose]() {
      await flush();
      if (timer !== undefined) clearTimeout(timer);
    },
  };
}
