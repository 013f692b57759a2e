import { parentPort, workerData } from 'node:worker_threads';
import { openSqlite } from './connection.ts';

/** What the thread is asked, and what it answers. */
export interface BackgroundQuestion {
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export type BackgroundAnswer =
  | { readonly id: number; readonly rows: readonly unknown[] }
  | { readonly id: number; readonly failure: unknown };

export interface BackgroundStart {
  readonly path: string;
  readonly busyMs: number;
}

/** Reads in a thread of its own for the one that started it, one question after the other. */
function answerQuestions(port: NonNullable<typeof parentPort>, { path, busyMs }: BackgroundStart): void {
  const reader = openSqlite(path, { readOnly: true, busyMs });
  const answer = ({ id, sql, parameters }: BackgroundQuestion): BackgroundAnswer => {
    try {
      return { id, rows: reader.prepare(sql).all(parameters) };
    } catch (failure) {
      return { id, failure };
    }
  };
  port.on('message', (question: BackgroundQuestion | 'close') => {
    if (question !== 'close') {
      port.postMessage(answer(question));
      return;
    }
    reader.close();
    port.close();
  });
}

if (parentPort !== null) answerQuestions(parentPort, workerData as BackgroundStart);
