import type { Execution } from '#platform/jobs';
import type { RegularWork, Timing } from './regular-work.ts';

const iso = (ms: number) => new Date(ms).toISOString();

/** A run with the fields of Harbor's histories. */
export function showRun(execution: Execution, jobName: string) {
  return {
    id: execution.id,
    job_name: jobName,
    job_kind: execution.trigger,
    job_parameters: JSON.stringify(execution.extraAttrs),
    schedule: { type: execution.trigger === 'MANUAL' ? ('Manual' as const) : ('Schedule' as const), cron: '' },
    job_status: execution.status,
    deleted: false,
    creation_time: iso(execution.createdAt),
    update_time: iso(execution.updatedAt),
  };
}

/** When it is done by itself, in the same shape; empty where it is not. */
export function showTiming(schedule: Awaited<ReturnType<RegularWork['findSchedule']>>, jobName: string) {
  if (schedule === undefined) return {};
  return {
    id: schedule.id,
    job_name: jobName,
    job_kind: 'SCHEDULE',
    job_parameters: JSON.stringify(schedule.extraAttrs),
    schedule: {
      type: schedule.cronType as Timing['type'],
      cron: schedule.cron,
      ...(schedule.nextAt !== undefined && { next_scheduled_time: iso(schedule.nextAt) }),
    },
    job_status: 'Scheduled',
    deleted: false,
    creation_time: iso(schedule.createdAt),
    update_time: iso(schedule.updatedAt),
  };
}
