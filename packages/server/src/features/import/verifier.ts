import { Worker } from 'node:worker_threads';
import type { Fault } from './fault.ts';
import type { FileToVerify, VerifiedFile, VerifyAnswer, VerifyQuestion } from './verify-worker.ts';

/** Reads and hashes files in threads of its own. */
export interface Verifier extends AsyncDisposable {
  /** What was found, in the order of the files. */
  verify(files: readonly FileToVerify[]): Promise<readonly (VerifiedFile | Fault)[]>;
}

/** Files of one message: a message costs as much as reading one small file. */
const filesPerMessage = 16;

export function createVerifier(threads: number): Verifier {
  const workers: { readonly thread: Worker; waiting: number }[] = [];
  const asked = new Map<number, PromiseWithResolvers<VerifyAnswer['files']>>();
  let last = 0;

  function start(): (typeof workers)[number] {
    const worker = { thread: new Worker(new URL('./verify-worker.ts', import.meta.url)), waiting: 0 };
    worker.thread.on('message', ({ id, files }: VerifyAnswer) => {
      worker.waiting -= 1;
      asked.get(id)?.resolve(files);
      asked.delete(id);
    });
    worker.thread.on('error', (error) => {
      for (const { reject } of asked.values()) reject(error);
      asked.clear();
    });
    workers.push(worker);
    return worker;
  }

  function choose() {
    const idle = workers.find(({ waiting }) => waiting === 0);
    if (idle !== undefined) return idle;
    if (workers.length < threads) return start();
    return workers.reduce((least, worker) => (worker.waiting < least.waiting ? worker : least));
  }

  function ask(files: readonly FileToVerify[]): Promise<VerifyAnswer['files']> {
    const worker = choose();
    const question: VerifyQuestion = { id: (last += 1), files };
    const answer = Promise.withResolvers<VerifyAnswer['files']>();
    asked.set(question.id, answer);
    worker.waiting += 1;
    worker.thread.postMessage(question);
    return answer.promise;
  }

  return {
    async verify(files) {
      const parts = Array.from({ length: Math.ceil(files.length / filesPerMessage) }, (_, at) =>
        files.slice(at * filesPerMessage, (at + 1) * filesPerMessage),
      );
      return (await Promise.all(parts.map(ask))).flat();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map(({ thread }) => thread.terminate()));
    },
  };
}
