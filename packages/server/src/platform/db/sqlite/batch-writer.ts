import type { DatabaseSync } from 'node:sqlite';
import type { Transact, TransactOptions } from '#kernel/transaction';
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

/**
 * Group commit for the one write connection: works that wait at the same time run one after the other inside one
 * transaction, each behind a savepoint of its own, and are answered together after one synced commit. A work that
 * throws undoes itself only. Eight pushes at once thus cost one sync of the log instead of eight.
 */
export function createBatchWriter(
  raw: DatabaseSync,
  run: <T>(work: Parameters<Transact>[0]) => Promise<T>,
  onCommit: () => void = () => undefined,
): Transact {
  const waiting: Job[] = [];
  let scheduled = false;
  const begin = raw.prepare('begin immediate');
  const commit = raw.prepare('commit');
  const savepoint = raw.prepare('savepoint work');
  const release = raw.prepare('release work');
  const rollbackWork = raw.prepare('rollback to work');
  // Not prepared: SQLite obeys this pragma when it compiles the statement, not each time it runs.
  const sync = (level: 'full' | 'normal') => raw.exec(`pragma synchronous = ${level}`);

  async function drainOnce(): Promise<void> {
    const batch = waiting.splice(0, largestBatch);
    const done: { job: Job; value: unknown }[] = [];
    try {
      // In WAL mode NORMAL leaves the log's sync to the next FULL commit: the order of commits is kept either way.
      if (!batch.some((job) => job.durable)) sync('normal');
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
      if (batch.some((job) => !job.unread)) onCommit();
      for (const { job, value } of done) job.resolve(value);
    } catch (error) {
      for (const job of batch) job.reject(explainSqliteError(error));
      if (raw.isOpen && raw.isTransaction) raw.exec('rollback');
    } finally {
      if (raw.isOpen) sync('full');
    }
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) await drainOnce();
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
