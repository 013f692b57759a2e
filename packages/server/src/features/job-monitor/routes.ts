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
    serve(getSchedulePaused, async ({ params }) => ({
      status: 200,
      body: { paused: await monitor.isPaused(params.job_type) },
    })),
  ];
}
