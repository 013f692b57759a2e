import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '#platform/db';
import { createJobs, type JobHandler, type Jobs, type JobWorker, startJobWorker } from '#platform/jobs';

/** An empty database that several processes can open. */
export interface JobPlace extends AsyncDisposable {
  open(): Promise<Db>;
}

export type MakeJobPlace = () => Promise<JobPlace>;

/** One process on the database, with a clock that several may share. */
export interface JobProcess {
  readonly db: Db;
  readonly jobs: Jobs;
  readonly errors: unknown[];
  work(
    handlers: readonly JobHandler[],
    more?: number | { readonly leaseMs?: number; readonly most?: number },
  ): JobWorker;
}

/** What a scenario plays with. Everything is gone at its end. */
export interface JobScenario extends AsyncDisposable {
  readonly now: () => number;
  advance(ms: number): void;
  openProcess(): Promise<JobProcess>;
}

export async function startJobScenario(makePlace: MakeJobPlace): Promise<JobScenario> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await makePlace());
  let ahead = 0;
  const clock = () => Date.now() + ahead;
  const owned = stack.move();
  return {
    now: clock,
    advance: (ms) => {
      ahead += ms;
    },
    async openProcess() {
      const db = owned.use(await place.open());
      const errors: unknown[] = [];
      return {
        db,
        jobs: createJobs({ db, clock }),
        errors,
        work: (handlers, more = {}) =>
          owned.use(
            startJobWorker({
              db,
              clock,
              newId: () => crypto.randomUUID(),
              handlers,
              onError: (error) => errors.push(error),
              pollMs: 50,
              graceMs: 500,
              ...(typeof more === 'number' ? { leaseMs: more } : more),
            }),
          ),
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A handler whose work is the function; one at a time and once, unless told. */
export function aHandler(type: string, run: JobHandler['run'], more: Partial<JobHandler> = {}): JobHandler {
  return { type, concurrency: 1, maxRuns: 1, backoffMs: () => 20, run, ...more };
}

/** Enqueues an execution with a task for each payload. */
export async function enqueue(
  { db, jobs }: Pick<JobProcess, 'db' | 'jobs'>,
  type: string,
  payloads: readonly unknown[],
  vendorId = 1,
): Promise<{ executionId: number; taskIds: number[] }> {
  const tasks = payloads.map((payload) => ({ payload }));
  return db.transact((tx) => jobs.enqueue(tx, { vendorType: type, vendorId, trigger: 'MANUAL', tasks }));
}

/** Asks until it is true. */
export async function until(ask: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await ask())) {
    if (performance.now() > end) throw new Error(`${what} did not come true in time`);
    await sleep(10);
  }
}

export async function statusOf({ jobs }: Pick<JobProcess, 'jobs'>, type: string, executionId: number) {
  return (await jobs.findExecution({ vendorTypes: [type] }, executionId))?.status;
}
