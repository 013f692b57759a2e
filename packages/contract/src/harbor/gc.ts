import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { scheduleRequest, scheduleTime } from './cron-schedule.ts';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { jobRun } from './executions.ts';
import { listQuery } from './paging.ts';
import { id } from './params.ts';
import { optionalFlag } from './request-fields.ts';

const gcRun = jobRun('GCHistory', scheduleTime);

const body = scheduleRequest(
  'GCScheduleRequest',
  z
    .object({
      delete_untagged: optionalFlag,
      delete_tag: optionalFlag,
      dry_run: optionalFlag,
      workers: z.int().min(1).max(10).nullish(),
    })
    .nullish(),
);

const tag = 'gc';
const at = 'system';
const path = '/api/v2.0/system/gc';
const params = z.object({ gc_id: id });

export const getGcHistory = route({
  operationId: 'getGCHistory',
  method: 'GET',
  path,
  tag,
  permission: 'garbage-collection:list',
  at,
  summary: 'List the runs of garbage collection.',
  query: z.object(listQuery),
  responses: { 200: z.array(gcRun), ...signedIn, 400: harborErrors },
});

export const getGc = route({
  operationId: 'getGC',
  method: 'GET',
  path: `${path}/{gc_id}`,
  tag,
  permission: 'garbage-collection:read',
  at,
  summary: 'Show one run of garbage collection.',
  params,
  responses: { 200: gcRun, ...onOne },
});

export const stopGc = route({
  operationId: 'stopGC',
  method: 'PUT',
  path: `${path}/{gc_id}`,
  tag,
  permission: 'garbage-collection:stop',
  at,
  summary: 'Stop a run of garbage collection.',
  params,
  responses: { 200: null, ...onOne },
});

export const getGcLog = route({
  operationId: 'getGCLog',
  method: 'GET',
  path: `${path}/{gc_id}/log`,
  tag,
  permission: 'garbage-collection:read',
  at,
  summary: 'Read the log of one run of garbage collection.',
  params,
  responses: { 200: z.string(), ...onOne },
  produces: 'text/plain',
});

export const getGcSchedule = route({
  operationId: 'getGCSchedule',
  method: 'GET',
  path: `${path}/schedule`,
  tag,
  permission: 'garbage-collection:read',
  at,
  summary: 'Show when garbage is collected.',
  responses: { 200: gcRun, ...signedIn },
});

export const createGcSchedule = route({
  operationId: 'createGCSchedule',
  method: 'POST',
  path: `${path}/schedule`,
  tag,
  permission: 'garbage-collection:create',
  at,
  summary: 'Set when garbage is collected, or collect it now.',
  body,
  responses: { 201: null, ...signedIn, 400: harborErrors, 409: harborErrors },
});

export const updateGcSchedule = route({
  operationId: 'updateGCSchedule',
  method: 'PUT',
  path: `${path}/schedule`,
  tag,
  permission: 'garbage-collection:update',
  at,
  summary: 'Change when garbage is collected.',
  body,
  responses: { 200: null, ...signedIn, 400: harborErrors },
});

export const gcRecords: readonly RouteRecord[] = [
  getGcHistory,
  getGc,
  stopGc,
  getGcLog,
  getGcSchedule,
  createGcSchedule,
  updateGcSchedule,
];
