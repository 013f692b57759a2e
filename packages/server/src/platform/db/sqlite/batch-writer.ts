import type { DatabaseSync } from 'node:sqlite';
import type { Transact, TransactOptions } from '#kernel/transaction';
import type { Checkpointer } from './checkpointer.ts';
import type { LogSync } from './log-sync.ts';
import { explainSqliteError } from './explain-error.ts';

interface Job {
  readonly work: () => Promise<unknown>;
  readonly durable: boolean;
  readonly unread: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** So many works at most share one commit: a bound on what one failed commit takes with it. */
const largestBatch = 64;

export interface BatchWriterOptions {
  /** The connection, with `synchronous = NORMAL`: its commits keep their order, and are on the disk after a sync. */
  readonly raw: DatabaseSync;
  readonly run: <T>(work: Parameters<Transact>[0]) => Promise<T>;
  readonly log: Pick<LogSync, 'sync' | 'assertSound'>;
  readonly checkpointer?: Pick<Checkpointer, 'committed' | 'gate'> | undefined;
  /** Told when others can read a change, which may be before it is on the disk. */
  readonly onCommit?: () => void;
}

/**
 * Group commit for the one write connection: works that wait at the same time run one after the other inside one
 * transaction, each behind a savepoint of its own, and are answered together after one commit and a sync of the log. A
 * work that throws undoes itself only. Eight pushes at once thus cost one sync of the log instead of eight, and those
 * that come meanwhile are committed while it runs.
 */
export function createBatchWriter(options: BatchWriterOptions): Transact {
  const { raw, run, log, checkpointer, onCommit = () => undefined } = options;
  const waiting: Job[] = [];
  let scheduled = false;
  const begin = raw.prepare('begin immediate');
  const commit = raw.prepare('commit');
  const savepoint = raw.prepare('savepoint work');
  const release = raw.prepare('release work');
  const rollbackWork = raw.prepare('rollback to work');

  /** Answers those of a batch that is committed; who needs it on the disk waits for that. */
  function answer(done: readonly { readonly job: Job; readonly value: unknown }[]): void {
    const durable = done.filter(({ job }) => job.durable);
    for (const { job, value } of done) if (!job.durable) job.resolve(value);
    if (durable.length === 0) return;
    log.sync().then(
      () => {
        for (const { job, value } of durable) job.resolve(value);
      },
      (error: unknown) => {
        for (const { job } of durable) job.reject(explainSqliteError(error));
      },
    );
  }

  async function drainOnce(): Promise<void> {
    const batch = waiting.splice(0, largestBatch);
    const done: { job: Job; value: unknown }[] = [];
    try {
      log.assertSound();
      begin.run();
      for (const job of batch) {
        savepoint.run();
        try {
          const value = await job.work();
          release.run();
          done.push({ job, value });
        } catch (error) {
          rollbackWork.run();
          release.run();
          job.reject(explainSqliteError(error));
        }
      }
      commit.run();
      checkpointer?.committed();
      if (batch.some((job) => !job.unread)) onCommit();
      answer(done);
    } catch (error) {
      for (const job of batch) job.reject(explainSqliteError(error));
      if (raw.isOpen && raw.isTransaction) raw.exec('rollback');
    }
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      await checkpointer?.gate;
      await drainOnce();
    }
    scheduled = false;
  }

  return <T>(work: Parameters<Transact>[0], options?: TransactOptions) =>
    new Promise<T>((resolve, reject) => {
      waiting.push({
        work: () => run(work),
        durable: options?.durable ?? true,
        unread: options?.unread ?? false,
        resolve: resolve as (value: unknown) => void,
        reject,
      });
      if (scheduled) return;
      scheduled = true;
      // After this turn's I/O callbacks, so that requests that arrived together commit together.
      setImmediate(() => void drain());
    });
}
