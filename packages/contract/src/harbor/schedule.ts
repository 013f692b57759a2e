import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { pageQuery } from './paging.ts';
import { time } from './params.ts';

const scheduledTask = z
  .object({
    id: z.int().optional(),
    vendor_type: z.string().optional(),
    vendor_id: z.int().optional(),
    cron: z.string().optional(),
    update_time: time.optional(),
  })
  .meta({ id: 'ScheduleTask' });

const tag = 'schedule';

export const listSchedules = route({
  operationId: 'listSchedules',
  method: 'GET',
  path: '/api/v2.0/schedules',
  tag,
  permission: 'jobservice-monitor:list',
  at: 'system',
  summary: 'List the schedules of the whole registry.',
  query: z.object(pageQuery),
  responses: { 200: z.array(scheduledTask), ...signedIn, 400: harborErrors, 404: harborErrors },
});

export const getSchedulePaused = route({
  operationId: 'getSchedulePaused',
  method: 'GET',
  path: '/api/v2.0/schedules/{job_type}/paused',
  tag,
  permission: 'authenticated',
  summary: 'Tell whether schedules are paused; the kind of job is always "all".',
  params: z.object({ job_type: z.string().min(1).max(64) }),
  responses: { 200: z.object({ paused: z.boolean() }).meta({ id: 'SchedulerStatus' }), ...onOne },
});

export const scheduleRecords: readonly RouteRecord[] = [listSchedules, getSchedulePaused];
