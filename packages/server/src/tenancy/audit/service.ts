import { type Asker, isAdmin } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import { actionOfOperation } from './actions.ts';
import { createRefusals } from './refusals.ts';
import type { AuditStore } from './store.ts';
import type { AuditEntry } from './types.ts';

/** What somebody asked of the management API and may not have. */
export interface Refusal {
  readonly asker: Asker;
  /** The `operationId`. */
  readonly operation: string;
  /** Whether it would have changed something. */
  readonly change: boolean;
  /** As it was asked. */
  readonly path: string;
  readonly error: Pick<RegistryError, 'code'>;
}

export interface Audit extends AsyncDisposable {
  /** Writes the row in the transaction that makes the change: one row for each change that happened, none for others. */
  write(tx: Transaction, entry: AuditEntry): Promise<void>;
  /** Notes a read or a refusal. It costs the caller nothing and is written with others within a second. */
  note(entry: AuditEntry): void;
  /**
   * Notes a change that was refused, as `note` does. Beyond sixty in a minute of one asker they are only counted, and
   * the count is noted when the minute is over.
   */
  noteRefusal(entry: AuditEntry): void;
  /**
   * As `noteRefusal`, of an operation of the management API. What is not there is no refusal to administrators, and
   * to nobody who only looked.
   */
  refused(refusal: Refusal): void;
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

/** A path can be as long as a request line; a row keeps this much of it. */
const longestPath = 512;

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

  function note(entry: AuditEntry): void {
    noted.push({ entry, at: clock() });
    if (noted.length === flushRows) void flush();
    else schedule();
  }

  const refusals = createRefusals({ note, clock });

  return {
    write: (tx, entry) => store.insert(tx, [{ entry, at: clock() }]),
    note,
    noteRefusal: refusals.note,
    refused({ asker, operation, change, path, error }) {
      if (error.code !== 'denied' && (!change || isAdmin(asker.actor))) return;
      refusals.note({
        action: actionOfOperation(operation),
        asker,
        resource: (path.split('?', 1)[0] ?? '').slice(0, longestPath),
        outcome: 'failure',
        detail: { operation, error: error.code },
      });
    },
    flush,
    async [Symbol.asyncDispose]() {
      refusals[Symbol.dispose]();
      await flush();
      if (timer !== undefined) clearTimeout(timer);
    },
  };
}
