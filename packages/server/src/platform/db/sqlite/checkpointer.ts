import { once } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { CheckpointAnswer, CheckpointStart } from './checkpoint-worker.ts';

/** Copies the write-ahead log into the database, so that it can start over. */
export interface Checkpointer extends AsyncDisposable {
  /** Told after every commit. */
  committed(): void;
  /** Undefined, or what the next commit waits for. */
  readonly gate: Promise<void> | undefined;
}

/** Pages in the log that are not in the database yet, from which on they are copied; what SQLite does by itself. */
const copyFrom = 1000;
/** Pages in a log that did not start over, from which on writers wait until all of it is copied. */
const waitFrom = 8000;
/** Pages that came while others were copied, from which on writers wait for that: nobody may write faster for long. */
const mostBehind = 16_000;
/** After a copy that failed, as on a full disk, or came no further, since somebody still reads what was there before. */
const retryMs = 200;

interface LogState {
  readonly log: number;
  readonly checkpointed: number;
}

/**
 * SQLite copies its log in the thread whose commit made it too long, and syncs the database there: on a large one that
 * holds up every request for as long. Here another thread does it while this one goes on. The log only starts over
 * when all of it is copied, which commits in between prevent; so for the last pages the writers wait, but nobody else.
 * The thread starts when it is first needed.
 */
export function createCheckpointer(writer: DatabaseSync, path: string): Checkpointer {
  writer.exec('pragma wal_autocheckpoint = 0');
  const look = writer.prepare('pragma wal_checkpoint(noop)');
  let worker: Worker | undefined;
  let open: (() => void) | undefined;
  let gate: Promise<void> | undefined;
  let copying = false;
  let closing = false;
  let notBefore = 0;
  let reached = 0;

  /** What cannot be read just now is taken for nothing to do; the next commit looks again. */
  function readLog(): LogState {
    try {
      return look.get() as unknown as LogState;
    } catch {
      return { log: 0, checkpointed: 0 };
    }
  }

  function ask(): void {
    copying = true;
    worker ??= startWorker();
    worker.postMessage('checkpoint');
    worker.ref();
  }

  function shut(): void {
    gate ??= new Promise((resolve) => {
      open = resolve;
    });
  }

  function release(): void {
    copying = false;
    gate = undefined;
    open?.();
    open = undefined;
    // An idle thread keeps no process from ending; one that is awaited does.
    if (!closing) worker?.unref();
  }

  function startWorker(): Worker {
    const start: CheckpointStart = { path };
    const made = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), { workerData: start });
    made.on('message', (answer: CheckpointAnswer) => {
      const isStuck = 'failure' in answer || answer.checkpointed === reached;
      reached = 'failure' in answer ? reached : answer.checkpointed;
      if (isStuck) {
        notBefore = performance.now() + retryMs;
        release();
      } else if (!closing && reached > waitFrom && readLog().log > reached) {
        shut();
        ask();
      } else {
        release();
      }
    });
    const fail = () => {
      worker = undefined;
      release();
      // Better in this thread than never.
      if (writer.isOpen) writer.exec(`pragma wal_autocheckpoint = ${copyFrom}`);
    };
    made.on('error', fail);
    return made;
  }

  return {
    get gate() {
      return gate;
    },
    committed() {
      if (closing) return;
      const { log, checkpointed } = readLog();
      const behind = log - checkpointed;
      if (copying && behind > mostBehind) shut();
      else if (!copying && behind >= copyFrom && performance.now() >= notBefore) ask();
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      const ending = worker;
      if (ending === undefined) return;
      const ended = once(ending, 'exit');
      ending.ref();
      ending.postMessage('close');
      await ended;
      worker = undefined;
      open?.();
    },
  };
}
