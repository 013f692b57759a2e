import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

export interface CheckpointStart {
  readonly path: string;
}

/** How far the log is copied now; `failure` where it could not be, as on a full disk. */
export type CheckpointAnswer = { readonly log: number; readonly checkpointed: number } | { readonly failure: unknown };

/** Copies the write-ahead log into the database whenever it is asked to, in a thread of its own. */
function checkpointWhenAsked(port: NonNullable<typeof parentPort>, { path }: CheckpointStart): void {
  const db = new DatabaseSync(path);
  const pass = db.prepare('pragma wal_checkpoint(passive)');
  const answer = (): CheckpointAnswer => {
    try {
      return pass.get() as { log: number; checkpointed: number };
    } catch (failure) {
      return { failure };
    }
  };
  port.on('message', (question: 'checkpoint' | 'close') => {
    if (question === 'checkpoint') {
      port.postMessage(answer());
      return;
    }
    db.close();
    port.close();
  });
}

if (parentPort !== null) checkpointWhenAsked(parentPort, workerData as CheckpointStart);
