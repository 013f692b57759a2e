import { z } from 'zod';
import { harborErrors, onOne, signedIn } from '#src/harbor/errors';
import { listQuery, pageQuery } from '#src/harbor/paging';
import { id, time } from '#src/harbor/params';
import { type RouteRecord, route } from '#src/route';

const job = z
  .object({
    id,
    execution_id: id,
    type: z.string(),
    status: z.enum(['Pending', 'Scheduled', 'Running', 'Success', 'Error', 'Stopped']),
    status_message: z.string(),
    progress: z.string().meta({ description: 'How far it is, in words: `12 of 40`.' }),
    run_count: z.int().meta({ description: 'How often it was begun.' }),
    extra_attrs: z.record(z.string(), z.unknown()),
    creation_time: time,
    update_time: time,
    start_time: time.nullable(),
    end_time: time.nullable(),
  })
  .meta({ id: 'Job' });

const jobSchedule = z
  .object({
    id,
    vendor_type: z.string(),
    vendor_id: z.int(),
    cron: z.string().meta({ description: 'Second, minute, hour, day of month, month, day of week.' }),
    time_zone: z.string().meta({ description: "One of IANA's names, such as Europe/Paris; UTC unless it was set." }),
    next_time: time.nullable().meta({ description: 'When it is due next.' }),
    extra_attrs: z.record(z.string(), z.unknown()).meta({ description: 'What its runs are told.' }),
    creation_time: time,
    update_time: time,
  })
  .meta({ id: 'JobSchedule' });

const tag = 'jobservice';
const at = 'system';

export const listJobs = route({
  operationId: 'listJobs',
  method: 'GET',
  path: '/api/entrepot/v1/jobs',
  tag,
  permission: 'jobservice-monitor:list',
  at,
  summary: 'List jobs of all kinds with their progress, the newest first.',
  query: z.object(listQuery),
  responses: { 200: z.array(job), ...signedIn, 400: harborErrors },
});

export const listJobSchedules = route({
  operationId: 'listJobSchedules',
  method: 'GET',
  path: '/api/entrepot/v1/schedules',
  tag: 'schedule',
  permission: 'jobservice-monitor:list',
  at,
  summary: 'List all schedules with their time zones and when they are due.',
  query: z.object(pageQuery),
  responses: { 200: z.array(jobSchedule), ...signedIn, 400: harborErrors },
});

export const updateJobSchedule = route({
  operationId: 'updateJobSchedule',
  method: 'PUT',
  path: '/api/entrepot/v1/schedules/{schedule_id}',
  tag: 'schedule',
  permission: 'jobservice-monitor:stop',
  at,
  summary: 'Set the time zone of a schedule; it is kept when its times are changed.',
  params: z.object({ schedule_id: id }),
  body: z.object({ time_zone: z.string().min(1).max(64) }),
  responses: { 200: jobSchedule, ...onOne, 400: harborErrors },
});

export const jobRecords: readonly RouteRecord[] = [listJobs, listJobSchedules, updateJobSchedule];
