import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { ListQuery } from '#kernel/list-query';
import type { Transact } from '#kernel/transaction';
import { type Jobs, schedulerQueue } from '#platform/jobs';
import type { Audit } from '#tenancy/audit';

export type QueueAction = 'stop' | 'pause' | 'resume';

/** The jobs of the whole registry, for who keeps it running. */
export interface JobMonitor {
  listPools(): ReturnType<Jobs['listWorkers']>;
  /** What a pool works on; `all` for all pools. Fails with `object-not-found`. */
  listWorkers(poolId: string): ReturnType<Jobs['listRunning']>;
  /** Fails with `object-not-found`. */
  stopJob(asker: Asker, jobId: string): Promise<void>;
  readLog(jobId: string): Promise<string>;
  listQueues(): ReturnType<Jobs['listQueues']>;
  /** Of one type, or of `all`; schedules are the type SCHEDULER. */
  act(asker: Asker, type: string, action: QueueAction): Promise<void>;
  listSchedules(list: Pick<ListQuery, 'page' | 'pageSize'>): ReturnType<Jobs['schedules']['list']>;
  listJobs(list: ListQuery): ReturnType<Jobs['listAllTasks']>;
  /** Has a schedule count its times in another zone. Fails with `object-not-found` or `body-invalid`. */
  setTimeZone(asker: Asker, scheduleId: number, timeZone: string): ReturnType<Jobs['setTimeZone']>;
  /** Whether schedules are paused: they are all, or none. Fails with `body-invalid` for another type than `all`. */
  isPaused(type: string): Promise<boolean>;
}

export interface JobMonitorDeps {
  readonly jobs: Jobs;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  /** Every type that somebody works on. */
  readonly types: () => readonly string[];
}

/** A worker shows itself every 10 s. */
const silentMs = 60_000;

const allTypes = 'all';

export function createJobMonitor({ jobs, transact, audit, clock, types }: JobMonitorDeps): JobMonitor {
  const listPools = () => jobs.listWorkers(clock() - silentMs);
  const known = () => [...types(), schedulerQueue];

  function audited(asker: Asker, resource: string, detail: Readonly<Record<string, unknown>>) {
    return transact((tx) => audit.write(tx, { action: 'stop-job', asker, resource, outcome: 'success', detail }));
  }

  async function getTask(jobId: string) {
    const task = /^[1-9]\d{0,15}$/.test(jobId) ? await jobs.findTask(Number(jobId)) : undefined;
    if (task === undefined) throw new RegistryError('object-not-found', `job ${jobId} not found`);
    return task;
  }

  return {
    listPools,

    async listWorkers(poolId) {
      const running = await jobs.listRunning();
      if (poolId === allTypes) return running;
      if (!(await listPools()).some(({ id }) => id === poolId)) {
        throw new RegistryError('object-not-found', `worker pool ${poolId} not found`);
      }
      return running.filter((task) => task.workerId === poolId);
    },

    async stopJob(asker, jobId) {
      const task = await getTask(jobId);
      await jobs.stopTask(task.id);
      await audited(asker, `${task.type}/${task.id}`, { action: 'stop' });
    },

    readLog: async (jobId) => jobs.readLog((await getTask(jobId)).id),

    async listQueues() {
      const busy = await jobs.listQueues(clock());
      const idle = known().filter((type) => busy.every((queue) => queue.type !== type));
      return [...busy, ...idle.map((type) => ({ type, waiting: 0, latencyMs: 0, paused: false }))].toSorted((a, b) =>
        a.type < b.type ? -1 : 1,
      );
    },

    async act(asker, type, action) {
      const chosen = type === allTypes ? known() : [type];
      if (type !== allTypes && !known().includes(type)) {
        throw new RegistryError('object-not-found', `job type ${type} not found`);
      }
      let stopped = 0;
      for (const each of chosen) {
        if (action === 'stop') stopped += await jobs.stopQueue(each);
        else if (action === 'pause') await jobs.pauseQueue(each);
        else await jobs.resumeQueue(each);
      }
      await audited(asker, type, { action, ...(action === 'stop' && { stopped }) });
    },

    listSchedules: ({ page, pageSize }) => jobs.schedules.list({ offset: (page - 1) * pageSize, limit: pageSize }),

    listJobs: jobs.listAllTasks,

    async setTimeZone(asker, scheduleId, timeZone) {
      const schedule = await jobs.schedules.findById(scheduleId);
      if (schedule === undefined) throw new RegistryError('object-not-found', `schedule ${scheduleId} not found`);
      return transact(async (tx) => {
        const changed = await jobs.setTimeZone(tx, schedule, timeZone);
        await audit.write(tx, {
          action: 'update-schedule',
          asker,
          ...(schedule.projectId !== undefined && { projectId: schedule.projectId }),
          resource: `${schedule.vendorType}/${schedule.vendorId}`,
          outcome: 'success',
          before: { time_zone: schedule.timeZone },
          after: { time_zone: timeZone },
        });
        return changed;
      });
    },

    async isPaused(type) {
      if (type !== allTypes) throw new RegistryError('body-invalid', 'path.job_type: is always "all".');
      return jobs.isPaused(schedulerQueue);
    },
  };
}
