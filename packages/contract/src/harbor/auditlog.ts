import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, signedIn } from './errors.ts';
import { listQuery } from './paging.ts';
import { time } from './params.ts';

/** Harbor's older shape of a row, which knows no outcome. */
export const auditLog = z
  .object({
    id: z.int().optional(),
    username: z.string().optional(),
    resource: z.string().optional(),
    resource_type: z.string().optional(),
    operation: z.string().optional(),
    op_time: time.optional(),
  })
  .meta({ id: 'AuditLog' });

export const auditLogExt = z
  .object({
    ...auditLog.shape,
    operation_description: z.string().optional(),
    operation_result: z.boolean().meta({ description: 'Whether it succeeded.' }),
  })
  .meta({ id: 'AuditLogExt' });

const errors = { ...signedIn, 400: harborErrors } as const;

export const listAuditLogs = route({
  operationId: 'listAuditLogs',
  method: 'GET',
  path: '/api/v2.0/audit-logs',
  tag: 'auditlog',
  // Whoever may not read all of it reads that of the projects whose log he may list.
  permission: 'audit-log:list',
  at: 'object',
  summary: 'List the audit log in its older shape, as far as the caller may read it.',
  query: z.object(listQuery),
  responses: { 200: z.array(auditLog), ...errors },
  deprecated: true,
});

export const listAuditLogExts = route({
  operationId: 'listAuditLogExts',
  method: 'GET',
  path: '/api/v2.0/auditlog-exts',
  tag: 'auditlog',
  permission: 'audit-log:list',
  at: 'object',
  summary: 'List the audit log as far as the caller may read it.',
  query: z.object(listQuery),
  responses: { 200: z.array(auditLogExt), ...errors },
});

export const listAuditLogEventTypes = route({
  operationId: 'listAuditLogEventTypes',
  method: 'GET',
  path: '/api/v2.0/auditlog-exts/events',
  tag: 'auditlog',
  permission: 'audit-log:list',
  at: 'system',
  summary: 'List the kinds of events that the audit log knows.',
  responses: { 200: z.array(z.object({ event_type: z.string().optional() })), ...signedIn },
});

export const auditlogRecords: readonly RouteRecord[] = [listAuditLogs, listAuditLogExts, listAuditLogEventTypes];
