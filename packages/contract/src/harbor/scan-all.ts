import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { schedule, scheduleRequest } from './cron-schedule.ts';
import { harborErrors, signedIn } from './errors.ts';

const progress = z
  .object({
    total: z.int(),
    completed: z.int(),
    metrics: z.record(z.string(), z.int()).optional().meta({ description: 'How many scans there are of each status.' }),
    ongoing: z.boolean(),
    trigger: z.enum(['Manual', 'Schedule', 'Event']).optional(),
  })
  .meta({ id: 'Stats' });

const body = scheduleRequest('ScanAllScheduleRequest', z.record(z.string().max(64), z.unknown()).nullish());

const tag = 'scanAll';
const at = 'system';
const schedulePath = '/api/v2.0/system/scanAll/schedule';
/** 412: no scanner is there. */
const errors = { ...signedIn, 412: harborErrors } as const;

export const getLatestScanAllMetrics = route({
  operationId: 'getLatestScanAllMetrics',
  method: 'GET',
  path: '/api/v2.0/scans/all/metrics',
  tag,
  permission: 'scan-all:read',
  at,
  summary: 'Show how far the last scan of everything is.',
  responses: { 200: progress, ...errors },
});

export const getLatestScheduledScanAllMetrics = route({
  operationId: 'getLatestScheduledScanAllMetrics',
  method: 'GET',
  path: '/api/v2.0/scans/schedule/metrics',
  tag,
  permission: 'scan-all:read',
  at,
  summary: 'Show how far the last scheduled scan of everything is.',
  responses: { 200: progress, ...errors },
  deprecated: true,
});

export const getScanAllSchedule = route({
  operationId: 'getScanAllSchedule',
  method: 'GET',
  path: schedulePath,
  tag,
  permission: 'scan-all:read',
  at,
  summary: 'Show when everything is scanned.',
  responses: { 200: schedule, ...errors },
});

export const updateScanAllSchedule = route({
  operationId: 'updateScanAllSchedule',
  method: 'PUT',
  path: schedulePath,
  tag,
  permission: 'scan-all:update',
  at,
  summary: 'Change when everything is scanned.',
  body,
  responses: { 200: null, ...errors, 400: harborErrors },
});

export const createScanAllSchedule = route({
  operationId: 'createScanAllSchedule',
  method: 'POST',
  path: schedulePath,
  tag,
  permission: 'scan-all:create',
  at,
  summary: 'Set when everything is scanned, or scan it now.',
  body,
  responses: { 201: null, ...errors, 400: harborErrors, 409: harborErrors },
});

export const stopScanAll = route({
  operationId: 'stopScanAll',
  method: 'POST',
  path: '/api/v2.0/system/scanAll/stop',
  tag,
  permission: 'scan-all:stop',
  at,
  summary: 'Stop the scan of everything.',
  responses: { 202: null, ...signedIn, 400: harborErrors },
});

export const scanAllRecords: readonly RouteRecord[] = [
  getLatestScanAllMetrics,
  getLatestScheduledScanAllMetrics,
  getScanAllSchedule,
  updateScanAllSchedule,
  createScanAllSchedule,
  stopScanAll,
];
