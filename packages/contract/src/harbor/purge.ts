import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { scheduleRequest, scheduleTime } from './cron-schedule.ts';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { jobRun } from './executions.ts';
import { listQuery } from './paging.ts';
import { id } from './params.ts';
import { optionalFlag, optionalText } from './request-fields.ts';

const purgeRun = jobRun('ExecHistory', scheduleTime);

const body = scheduleRequest(
  'PurgeScheduleRequest',
  z
    .object({
      // Harbor's most: ten thousand days.
      audit_retention_hour: z.int().min(0).max(240_000).nullish(),
      include_event_types: optionalText(4096),
      dry_run: optionalFlag,
    })
    .nullish(),
);

const tag = 'purge';
const at = 'system';
const path = '/api/v2.0/system/purgeaudit';
const params = z.object({ purge_id: id });

export const getPurgeHistory = route({
  operationId: 'getPurgeHistory',
  method: 'GET',
  path,
  tag,
  permission: 'purge-audit:list',
  at,
  summary: 'List the times the audit log was shortened.',
  query: z.object(listQuery),
  responses: { 200: z.array(purgeRun), ...signedIn, 400: harborErrors },
});

export const getPurgeJob = route({
  operationId: 'getPurgeJob',
  method: 'GET',
  path: `${path}/{purge_id}`,
  tag,
  permission: 'purge-audit:read',
  at,
  summary: 'Show one time the audit log was shortened.',
  params,
  responses: { 200: purgeRun, ...onOne },
});

export const stopPurge = route({
  operationId: 'stopPurge',
  method: 'PUT',
  path: `${path}/{purge_id}`,
  tag,
  permission: 'purge-audit:stop',
  at,
  summary: 'Stop shortening the audit log.',
  params,
  responses: { 200: null, ...onOne },
});

export const getPurgeJobLog = route({
  operationId: 'getPurgeJobLog',
  method: 'GET',
  path: `${path}/{purge_id}/log`,
  tag,
  permission: 'purge-audit:read',
  at,
  summary: 'Read the log of one time the audit log was shortened.',
  params,
  responses: { 200: z.string(), ...onOne },
  produces: 'text/plain',
});

export const getPurgeSchedule = route({
  operationId: 'getPurgeSchedule',
  method: 'GET',
  path: `${path}/schedule`,
  tag,
  permission: 'purge-audit:read',
  at,
  summary: 'Show when the audit log is shortened.',
  responses: { 200: purgeRun, ...signedIn },
});

export const createPurgeSchedule = route({
  operationId: 'createPurgeSchedule',
  method: 'POST',
  path: `${path}/schedule`,
  tag,
  permission: 'purge-audit:create',
  at,
  summary: 'Set when the audit log is shortened, or shorten it now.',
  body,
  responses: { 201: null, ...signedIn, 400: harborErrors, 409: harborErrors },
});

export const updatePurgeSchedule = route({
  operationId: 'updatePurgeSchedule',
  method: 'PUT',
  path: `${path}/schedule`,
  tag,
  permission: 'purge-audit:update',
  at,
  summary: 'Change when the audit log is shortened.',
  body,
  responses: { 200: null, ...signedIn, 400: harborErrors },
});

export const purgeRecords: readonly RouteRecord[] = [
  getPurgeHistory,
  getPurgeJob,
  stopPurge,
  getPurgeJobLog,
  getPurgeSchedule,
  createPurgeSchedule,
  updatePurgeSchedule,
];
