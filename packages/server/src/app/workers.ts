import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#platform/log';
import { answerMetricsOf } from '#platform/metrics';

/** A worker that died is started again after this time, so that one that dies at once does not spin. */
const restartMs = 1000;

export interface WorkersOptions {
  readonly count: number;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/**
 * Runs the registry in several processes that share the listening socket, and ends with them. Rejects when they cannot
 * listen; why, they have told themselves.
 */
export async function runWorkers({ count, signal, logger }: WorkersOptions): Promise<void> {
  const running = new Set<Worker>();
  let listened = false;
  let failed = false;
  const idle = Promise.withResolvers<void>();
  answerMetricsOf(cluster);

  function start(): void {
    const worker = cluster.fork();
    running.add(worker);
    worker.on('listening', () => {
      listened = true;
    });
    worker.on('exit', (code) => {
      running.delete(worker);
      if (!signal.aborted && listened) {
        logger.error({ code, pid: worker.process.pid }, 'A worker process ended; another one takes its place.');
        void sleep(restartMs).then(() => (signal.aborted ? undefined : start()));
      } else if (!signal.aborted) {
        failed = true;
        for (const other of running) other.process.kill('SIGTERM');
      }
      if (running.size === 0 && (signal.aborted || failed)) idle.resolve();
    });
  }

  const end = () => {
    for (const worker of running) worker.process.kill('SIGTERM');
    if (running.size === 0) idle.resolve();
  };
  for (let at = 0; at < count; at += 1) start();
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  await idle.promise;
  if (failed) throw new WorkersFailed();
}

/** The workers could not start, and have told why. */
export class WorkersFailed extends Error {
  override readonly name = 'WorkersFailed';
}

export const isWorker = (): boolean => cluster.isWorker;

/** Lets go of the primary, whose channel would keep a worker that has ended alive. */
export function leavePrimary(): void {
  if (process.connected) process.disconnect?.();
}

/** Work that one process does for all, such as removing old uploads. */
export const isFirstProcess = (): boolean => cluster.isPrimary || cluster.worker?.id === 1;
