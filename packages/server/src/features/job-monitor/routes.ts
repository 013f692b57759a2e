import { listJobSchedules, listJobs, updateJobSchedule } from '@entrepot/contract/entrepot/job';
import {
  actionGetJobLog,
  actionPendingJobs,
  getWorkerPools,
  getWorkers,
  listJobQueues,
  stopRunningJob,
} from '@entrepot/contract/harbor/jobservice';
import { getSchedulePaused, listSchedules } from '@entrepot/contract/harbor/schedule';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { JobMonitor } from './service.ts';

const iso = (ms: number) => new Date(ms).toISOString();
const isoOrNull = (ms: number | undefined) => (ms === undefined ? null : iso(ms));

export function jobMonitorRoutes({ monitor }: { readonly monitor: JobMonitor }): ManagedRoute[] {
  return [
    serve(getWorkerPools, async () => {
      const pools = await monitor.listPools();
      return {
        status: 200,
        body: pools.map((pool) => ({
          pid: pool.pid,
          worker_pool_id: pool.id,
          start_at: iso(pool.startedAt),
          heartbeat_at: iso(pool.heartbeatAt),
          concurrency: pool.concurrency,
          host: pool.host,
        })),
      };
    }),
    serve(getWorkers, async ({ params }) => {
      const running = await monitor.listWorkers(params.pool_id);
      return {
        status: 200,
        body: running.map((task) => ({
          id: `${task.workerId}/${task.id}`,
          pool_id: task.workerId,
          job_name: task.type,
          job_id: String(task.id),
          ...(task.startedAt !== undefined && { start_at: iso(task.startedAt) }),
          check_in: task.progress,
          checkin_at: iso(task.updatedAt),
        })),
      };
    }),
    serve(stopRunningJob, async ({ asker, params }) => {
      await monitor.stopJob(asker, params.job_id);
      return { status: 200 };
    }),
    serve(actionGetJobLog, async ({ params }) => ({ status: 200, body: await monitor.readLog(params.job_id) })),
    serve(listJobQueues, async () => {
      const queues = await monitor.listQueues();
      return {
        status: 200,
        body: queues.map((queue) => ({
          job_type: queue.type,
          count: queue.waiting,
          latency: Math.round(queue.latencyMs / 1000),
          paused: queue.paused,
        })),
      };
    }),
    serve(actionPendingJobs, async ({ asker, params, body }) => {
      await monitor.act(asker, params.job_type, body.action);
      return { status: 200 };
    }),
    serve(listSchedules, async ({ query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await monitor.listSchedules(list);
      const shown = entries.map((schedule) => ({
        id: schedule.id,
        vendor_type: schedule.vendorType,
        vendor_id: schedule.vendorId,
        cron: schedule.cron,
        update_time: iso(schedule.updatedAt),
      }));
      return listReply(shown, total, list, url);
    }),
    serve(listJobs, async ({ query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await monitor.listJobs(list);
      return listReply(entries.map(showJob), total, list, url);
    }),
    serve(listJobSchedules, async ({ query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await monitor.listSchedules(list);
      return listReply(entries.map(showSchedule), total, list, url);
    }),
    serve(updateJobSchedule, async ({ asker, params, body }) => ({
      status: 200,
      body: showSchedule(await monitor.setTimeZone(asker, params.schedule_id, body.time_zone)),
    })),
    serve(getSchedulePaused, async ({ params }) => ({
      status: 200,
      body: { paused: await monitor.isPaused(params.job_type) },
    })),
  ];
}

function showJob(task: Awaited<ReturnType<JobMonitor['listJobs']>>['entries'][number]) {
  return {
    id: task.id,
    execution_id: task.executionId,
    type: task.type,
    status: task.status,
    status_message: task.statusMessage,
    progress: task.progress,
    run_count: task.runCount,
    extra_attrs: { ...task.extraAttrs },
    creation_time: iso(task.createdAt),
    update_time: iso(task.updatedAt),
    start_time: isoOrNull(task.startedAt),
    end_time: isoOrNull(task.endedAt),
  };
}

function showSchedule(schedule: Awaited<ReturnType<JobMonitor['setTimeZone']>>) {
  return {
    id: schedule.id,
    vendor_type: schedule.vendorType,
    vendor_id: schedule.vendorId,
    cron: schedule.cron,
    time_zone: schedule.timeZone,
    next_time: isoOrNull(schedule.nextAt),
    extra_attrs: { ...schedule.extraAttrs },
    creation_time: iso(schedule.createdAt),
    update_time: iso(schedule.updatedAt),
  };
}
