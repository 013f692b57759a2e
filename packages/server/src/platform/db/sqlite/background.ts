import { Worker } from 'node:worker_threads';
import {
  type DatabaseConnection,
  type Driver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { BackgroundAnswer, BackgroundStart } from './background-worker.ts';

type Settle = PromiseWithResolvers<readonly unknown[]>;

/**
 * Reads of a SQLite database in a thread of its own: SQLite answers in the thread that asks, and a read of a second
 * would hold up every request for that long. The thread starts with the first read. Only reads are taken.
 */
export function openBackground<Tables>(start: BackgroundStart): Kysely<Tables> {
  let worker: Worker | undefined;
  let asked = 0;
  let closed = false;
  let ending: Worker | undefined;
  const waiting = new Map<number, Settle>();

  function fail(error: unknown): void {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    worker = undefined;
  }

  function startWorker(): Worker {
    const made = new Worker(new URL('./background-worker.ts', import.meta.url), { workerData: start });
    made.on('message', (answer: BackgroundAnswer) => {
      const asker = waiting.get(answer.id);
      waiting.delete(answer.id);
      // An idle thread keeps no process from ending, other than one that is awaited.
      if (waiting.size === 0 && made !== ending) made.unref();
      // This one was begun for a read that was asked for at the last moment.
      if (waiting.size === 0 && made !== ending && closed) made.postMessage('close');
      if ('rows' in answer) asker?.resolve(answer.rows);
      else asker?.reject(answer.failure);
    });
    made.on('error', fail);
    made.on('exit', () => fail(new Error('The thread that reads in the background has ended.')));
    return made;
  }

  const connection: DatabaseConnection = {
    async executeQuery<R>({ sql, parameters }: { sql: string; parameters: readonly unknown[] }) {
      worker ??= startWorker();
      asked += 1;
      worker.postMessage({ id: asked, sql, parameters });
      worker.ref();
      const answer: Settle = Promise.withResolvers();
      waiting.set(asked, answer);
      return { rows: (await answer.promise) as R[] };
    },
    streamQuery() {
      throw new Error('Reads in the background are answered whole.');
    },
  };
  const refuse = () => Promise.reject(new Error('There are no transactions in the background.'));
  const driver: Driver = {
    init: async () => undefined,
    acquireConnection: async () => connection,
    releaseConnection: async () => undefined,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    async destroy() {
      closed = true;
      const thread = worker;
      if (thread === undefined) return;
      ending = thread;
      const ended = new Promise((resolve) => thread.once('exit', resolve));
      thread.ref();
      thread.postMessage('close');
      await ended;
    },
  };
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}
