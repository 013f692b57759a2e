import type { Clock } from '#kernel/clock';
import { parseCron } from '#kernel/cron';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Db } from '#platform/db';
import { createJobReads, type JobReads } from './job-reads.ts';
import { createScheduleStore, type ScheduleStore } from './schedule-store.ts';
import { createTaskStore } from './task-store.ts';
import type { NewExecution, NewSchedule, NewTask, Schedule } from './types.ts';

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
  /**
   * Adds tasks of the type to an execution, for a task of it that finds out what there is to do. They belong to it as
   * those that it began with.
   */
  extend(tx: Transaction, executionId: number, type: string, tasks: readonly NewTask[]): Promise<number[]>;
  /** Stops what has not ended; what is under way is told to. False where there was nothing to stop. */
  stopExecution(executionId: number): Promise<boolean>;
  stopTask(taskId: number): Promise<boolean>;
  /** Sets the schedule of a vendor's id. Fails with `body-invalid`. Answers with the schedule's id. */
  schedule(tx: Transaction, schedule: NewSchedule): Promise<number>;
  unschedule(tx: Transaction, vendorType: string, vendorId: number): Promise<boolean>;
  /** Has the schedule count its times in another zone. Fails with `body-invalid`. */
  setTimeZone(tx: Transaction, schedule: Schedule, timeZone: string): Promise<Schedule>;
  readonly schedules: Pick<ScheduleStore, 'find' | 'findById' | 'list'>;
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

  function nextOf(cron: string, timeZone: string): number {
    const next = parseCron(cron, timeZone).next(clock());
    if (next === undefined) throw new RegistryError('body-invalid', `cron: ${cron} is never due.`);
    return next;
  }

  return {
    ...createJobReads(db),
    schedules,
    async enqueue(tx, execution) {
      const made = await tasks.insert(tx, execution, clock());
      db.signals.send(tx, taskChannel);
      return made;
    },
    async extend(tx, executionId, type, more) {
      const taskIds = await tasks.extend(tx, executionId, type, more, clock());
      db.signals.send(tx, taskChannel);
      return taskIds;
    },
    stopExecution: (executionId) => stop({ executionId }),
    stopTask: (taskId) => stop({ taskId }),
    async schedule(tx, schedule) {
      const known = await schedules.find(schedule.vendorType, schedule.vendorId);
      const timeZone = schedule.timeZone ?? known?.timeZone ?? 'UTC';
      return schedules.put(tx, { ...schedule, timeZone, nextAt: nextOf(schedule.cron, timeZone) }, clock());
    },
    async setTimeZone(tx, schedule, timeZone) {
      const nextAt = nextOf(schedule.cron, timeZone);
      await schedules.setTimeZone(tx, schedule.id, timeZone, nextAt, clock());
      return { ...schedule, timeZone, nextAt, updatedAt: clock() };
    },
    unschedule: (tx, vendorType, vendorId) => schedules.remove(tx, vendorType, vendorId),
    pauseQueue: (type) => setPaused(type, true),
    resumeQueue: (type) => setPaused(type, false),
    stopQueue: (type) => transact((tx) => tasks.stopWaiting(tx, type, clock())),
  };
}
