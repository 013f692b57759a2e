import type { Clock } from '#kernel/clock';
import { parseCron } from '#kernel/cron';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Db } from '#platform/db';
import { createJobReads, type JobReads } from './job-reads.ts';
import { createScheduleStore, type ScheduleStore } from './schedule-store.ts';
import { createTaskStore } from './task-store.ts';
import type { NewExecution, NewSchedule } from './types.ts';

/** Wakes whoever works on tasks. */
export const taskChannel = 'jobs';
/** Has workers look whether something they work on is to stop. */
export const stopChannel = 'job-stop';

/** What pauses all schedules, as Harbor calls it. */
export const schedulerQueue = 'SCHEDULER';

/** The queue of everything that is done later, and what screens show of it. */
export interface Jobs extends JobReads {
  /** Takes part in the caller's transaction: the work exists when the change does. It begins after the commit. */
  enqueue(tx: Transaction, execution: NewExecution): Promise<{ executionId: number; taskIds: number[] }>;
  /** Stops what has not ended; what is under way is told to. False where there was nothing to stop. */
  stopExecution(executionId: number): Promise<boolean>;
  stopTask(taskId: number): Promise<boolean>;
  /** Sets the schedule of a vendor's id. Fails with `body-invalid`. Answers with the schedule's id. */
  schedule(tx: Transaction, schedule: NewSchedule): Promise<number>;
  unschedule(tx: Transaction, vendorType: string, vendorId: number): Promise<boolean>;
  readonly schedules: Pick<ScheduleStore, 'find' | 'list'>;
  /** Nothing more of the type begins until it is resumed; `SCHEDULER` holds back all schedules. */
  pauseQueue(type: string): Promise<void>;
  resumeQueue(type: string): Promise<void>;
  /** Stops everything that waits. Answers how many tasks that were. */
  stopQueue(type: string): Promise<number>;
}

export interface JobsDeps {
  readonly db: Db;
  readonly clock: Clock;
}

export function createJobs({ db, clock }: JobsDeps): Jobs {
  const tasks = createTaskStore(db);
  const schedules = createScheduleStore(db);
  const transact: Transact = db.transact;

  const setPaused = (type: string, paused: boolean) =>
    transact(async (tx) => {
      await schedules.setPaused(tx, type, paused);
      if (!paused) db.signals.send(tx, taskChannel);
    });

  const stop = (which: { executionId: number } | { taskId: number }) =>
    transact(async (tx) => {
      const stopped = await tasks.stop(tx, which, clock());
      if (stopped > 0) db.signals.send(tx, stopChannel);
      return stopped > 0;
    });

  return {
    ...createJobReads(db),
    schedules,
    async enqueue(tx, execution) {
      const made = await tasks.insert(tx, execution, clock());
      db.signals.send(tx, taskChannel);
      return made;
    },
    stopExecution: (executionId) => stop({ executionId }),
    stopTask: (taskId) => stop({ taskId }),
    async schedule(tx, schedule) {
      const nextAt = parseCron(schedule.cron, schedule.timeZone).next(clock());
      if (nextAt === undefined) throw new RegistryError('body-invalid', `cron: ${schedule.cron} is never due.`);
      return schedules.put(tx, { ...schedule, nextAt }, clock());
    },
    unschedule: (tx, vendorType, vendorId) => schedules.remove(tx, vendorType, vendorId),
    pauseQueue: (type) => setPaused(type, true),
    resumeQueue: (type) => setPaused(type, false),
    stopQueue: (type) => transact((tx) => tasks.stopWaiting(tx, type, clock())),
  };
}
