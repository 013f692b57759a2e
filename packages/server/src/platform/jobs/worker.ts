import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseCron } from '#kernel/cron';
import type { NewId } from '#kernel/ids';
import type { Clock } from '#kernel/clock';
import type { Db } from '#platform/db';
import { schedulerQueue, stopChannel, taskChannel } from './jobs.ts';
import { type Run, startRun } from './run-task.ts';
import { createScheduleStore } from './schedule-store.ts';
import { createTaskLog } from './task-log.ts';
import { createTaskStore, type Outcome } from './task-store.ts';
import type { JobHandler, LeasedTask, Schedule } from './types.ts';

/** What works on tasks in this process, from its making to its disposal, which gives unfinished work back. */
export interface JobWorker extends AsyncDisposable {
  readonly id: string;
  /** Looks for work now. */
  wake(): void;
}

export interface JobWorkerDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly handlers: readonly JobHandler[];
  /** Told what an operator should know; the work goes on. */
  readonly onError: (error: unknown, doing: string) => void;
  readonly random?: () => number;
  /** How long a task stays ours without a sign of life; 60 s if absent. */
  readonly leaseMs?: number;
  /** How often to look without being woken; 1 s if absent. */
  readonly pollMs?: number;
  /** How long handlers may take to stop at a shutdown; 10 s if absent. */
  readonly graceMs?: number;
  /** At most so many tasks at once, of all types; as many as the handlers say if absent. */
  readonly most?: number | undefined;
}

const workerBeatMs = 10_000;
const workerDeadMs = 60_000;
const sweepMs = 3_600_000;
const keepMs = 30 * 86_400_000;
const rowsPerSweep = 500;
const schedulesAtOnce = 50;

export function startJobWorker(deps: JobWorkerDeps): JobWorker {
  const { db, clock, handlers, onError } = deps;
  const { transact } = db;
  const leaseMs = deps.leaseMs ?? 60_000;
  const random = deps.random ?? Math.random;
  const tasks = createTaskStore(db);
  const schedules = createScheduleStore(db);
  const byType = new Map(handlers.map((handler) => [handler.type, handler]));
  const runs = new Map<number, Run>();
  /** How many of each type are at work here, those that only begin included. */
  const busy = new Map<string, number>();
  const most = deps.most ?? Number.POSITIVE_INFINITY;
  const atWork = () => [...busy.values()].reduce((sum, one) => sum + one, 0);
  const worker = {
    id: deps.newId(),
    host: hostname(),
    pid: process.pid,
    concurrency: Math.min(
      most,
      handlers.reduce((sum, { concurrency }) => sum + concurrency, 0),
    ),
    startedAt: clock(),
  };
  let closing = false;
  let first = 0;
  let turning: Promise<void> | undefined;
  let again = false;
  let beating: Promise<void> | undefined;
  let beatAgain = false;

  /** Does it, and tells when it fails: the next round tries again. */
  async function attempt(doing: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!closing) onError(error, doing);
    }
  }

  function wake(): void {
    if (closing) return;
    again = true;
    turning ??= turn().finally(() => {
      turning = undefined;
    });
  }

  async function turn(): Promise<void> {
    while (again && !closing) {
      again = false;
      await attempt('starting what is scheduled', startDue);
      await attempt('looking for work', takeWork);
    }
  }

  async function takeWork(): Promise<void> {
    const ready = await tasks.readyTypes(clock());
    // Who came first the last time comes later now: with little room, a long queue would keep it all.
    first += 1;
    for (const [at] of ready.entries()) {
      const type = ready[(at + first) % ready.length] as string;
      const handler = byType.get(type);
      if (handler === undefined || closing) continue;
      const free = Math.min(handler.concurrency - (busy.get(type) ?? 0), most - atWork());
      if (free <= 0) continue;
      const lease = { id: deps.newId(), workerId: worker.id, until: clock() + leaseMs };
      const claim = { type, most: free, mostEverywhere: handler.most, maxRuns: handler.maxRuns };
      const taken = await transact((tx) => tasks.claim(tx, claim, lease, clock()), { durable: false });
      for (const task of taken) begin(task, handler);
    }
  }

  function begin(task: LeasedTask, handler: JobHandler): void {
    busy.set(task.type, (busy.get(task.type) ?? 0) + 1);
    void attempt(`working on a task of ${task.type}`, () => carryOut(task, handler)).finally(() => {
      busy.set(task.type, (busy.get(task.type) ?? 1) - 1);
      wake();
    });
  }

  async function carryOut(task: LeasedTask, handler: JobHandler): Promise<void> {
    const size = task.runCount > 1 ? await tasks.logSize(task.id) : 0;
    const run = startRun(task, handler, createTaskLog(size, clock), {
      clock,
      random,
      onSurprise: (error) => onError(error, `working on a task of ${task.type}`),
    });
    runs.set(task.id, run);
    try {
      const outcome = await run.outcome;
      if (outcome !== undefined) await settle(run, outcome);
    } finally {
      runs.delete(task.id);
    }
  }

  /** Writes how a run ended, as long as the lease lasts; after that somebody else is at it. */
  async function settle(run: Run, outcome: Outcome): Promise<void> {
    const { id: taskId, leaseId } = run.task;
    const rest = run.log.take();
    for (let tries = 1; ; tries += 1) {
      try {
        await transact(async (tx) => {
          if (!(await tasks.finish(tx, { taskId, leaseId, ...run.look() }, outcome, clock()))) return;
          if (rest !== '') await tasks.appendLog(tx, taskId, rest);
        });
        return;
      } catch (error) {
        if (tries === 5 || closing) throw error;
        await sleep(200 * 2 ** tries);
      }
    }
  }

  async function beatAll(): Promise<void> {
    for (const run of runs.values()) {
      const { id: taskId, leaseId } = run.task;
      const lines = run.log.take();
      const answer = await transact(async (tx) => {
        const held = await tasks.beat(tx, { taskId, leaseId, until: clock() + leaseMs, ...run.look() }, clock());
        if (held !== 'lost' && lines !== '') await tasks.appendLog(tx, taskId, lines);
        return held;
      });
      if (answer === 'stop') run.cut('stopped');
      if (answer === 'lost') run.cut('lost');
    }
  }

  async function beatOn(): Promise<void> {
    while (beatAgain) {
      beatAgain = false;
      await attempt('renewing leases', beatAll);
    }
  }

  function beat(): void {
    if (runs.size === 0) return;
    beatAgain = true;
    beating ??= beatOn().finally(() => {
      beating = undefined;
    });
  }

  async function startDue(): Promise<void> {
    if (!(await schedules.isAnyDue(clock())) || (await isPaused())) return;
    await transact(async (tx) => {
      for (const schedule of await schedules.takeDue(tx, clock(), schedulesAtOnce)) {
        await tasks.insert(tx, executionOf(schedule), clock());
        // What fell due several times meanwhile is done once.
        await schedules.setNext(tx, schedule.id, parseCron(schedule.cron, schedule.timeZone).next(clock()));
      }
    });
  }

  async function isPaused(): Promise<boolean> {
    const row = await db.read
      .selectFrom('job_queue')
      .select('paused')
      .where('type', '=', schedulerQueue)
      .executeTakeFirst();
    return row?.paused === 1;
  }

  async function sweep(): Promise<void> {
    for (const handler of handlers) {
      const before = clock() - (handler.keepMs ?? keepMs);
      for (let swept = rowsPerSweep; swept === rowsPerSweep && !closing; ) {
        swept = await transact((tx) => tasks.sweep(tx, handler.type, before, rowsPerSweep), { durable: false });
      }
    }
  }

  const beatWorker = () =>
    attempt('showing that this worker lives', () =>
      transact((tx) => schedules.beatWorker(tx, worker, clock(), clock() - workerDeadMs), {
        durable: false,
        unread: true,
      }),
    );

  const timers = [
    setInterval(wake, deps.pollMs ?? 1000),
    setInterval(beat, leaseMs / 3),
    setInterval(() => void beatWorker(), workerBeatMs),
    setInterval(() => void attempt('removing old executions', sweep), sweepMs),
  ];
  for (const timer of timers) timer.unref();
  const unlisten = [db.signals.listen(taskChannel, wake), db.signals.listen(stopChannel, beat)];
  const shown = beatWorker();
  wake();

  return {
    id: worker.id,
    wake,
    async [Symbol.asyncDispose]() {
      closing = true;
      for (const timer of timers) clearInterval(timer);
      for (const stop of unlisten) stop();
      await turning;
      await beating;
      await shown;
      const ended = Promise.all([...runs.values()].map((run) => run.outcome));
      for (const run of runs.values()) run.cut('shutdown');
      await Promise.race([ended, sleep(deps.graceMs ?? 10_000, undefined, { ref: false })]);
      // The runs write their own ends; this waits for them, and for what a handler that hangs on leaves to its lease.
      for (let tries = 0; runs.size > 0 && tries < 50; tries += 1) await sleep(20);
      await transact((tx) => schedules.removeWorker(tx, worker.id)).catch(() => undefined);
    },
  };
}

function executionOf(schedule: Schedule) {
  return {
    vendorType: schedule.vendorType,
    vendorId: schedule.vendorId,
    ...(schedule.projectId === undefined ? {} : { projectId: schedule.projectId }),
    trigger: 'SCHEDULE',
    extraAttrs: schedule.extraAttrs,
    tasks: [{ payload: schedule.payload }],
  } as const;
}
