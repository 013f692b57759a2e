import { z } from 'zod';
import { harborErrors, onOne, signedIn } from '#src/harbor/errors';
import { listQuery } from '#src/harbor/paging';
import { time } from '#src/harbor/params';
import { namedProjectParams } from '#src/harbor/repository';
import { type RouteRecord, route } from '#src/route';

const errors = { ...signedIn, 400: harborErrors } as const;

export const auditRow = z
  .object({
    id: z.int(),
    time: time.meta({ description: 'When it was done.' }),
    username: z.string(),
    user_id: z.int().nullable(),
    address: z.string(),
    request_id: z.string(),
    operation: z.string(),
    resource_type: z.string(),
    resource: z.string(),
    project_id: z.int().nullable(),
    digest: z.string().nullable(),
    success: z.boolean(),
    detail: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'Particulars; `before` and `after` of what was changed.' }),
  })
  .meta({ id: 'AuditRow' });

export const listAudit = route({
  operationId: 'listAudit',
  method: 'GET',
  path: '/api/entrepot/v1/audit',
  tag: 'auditlog',
  permission: 'audit-log:list',
  // Whoever may not read all of it reads that of the projects whose log he may list.
  at: 'object',
  summary: 'List the audit with everything it holds, the newest row first, as far as the caller may read it.',
  query: z.object(listQuery),
  responses: { 200: z.array(auditRow), ...errors },
});

export const listProjectAudit = route({
  operationId: 'listProjectAudit',
  method: 'GET',
  path: '/api/entrepot/v1/projects/{project_name}/audit',
  tag: 'auditlog',
  permission: 'log:list',
  at: 'project',
  summary: 'List the audit of a project with everything it holds, the newest row first.',
  params: namedProjectParams,
  query: z.object(listQuery),
  responses: { 200: z.array(auditRow), ...onOne },
});

const moment = z.union([time, z.iso.date()]);

const exportQuery = z.object({
  format: z
    .enum(['ecs', 'csv'])
    .optional()
    .meta({ description: 'One JSON object of the Elastic Common Schema a line, or CSV; ecs when left out.' }),
  from: moment.optional().meta({ description: 'The first moment; the beginning when left out.' }),
  to: moment.optional().meta({ description: 'The first moment that is no longer wanted; now when left out.' }),
});

export const exportAudit = route({
  operationId: 'exportAudit',
  method: 'GET',
  path: '/api/entrepot/v1/audit/export',
  tag: 'auditlog',
  permission: 'audit-log:list',
  at: 'system',
  summary: 'Export the audit in the order of time, as a stream.',
  query: exportQuery,
  produces: 'application/x-ndjson',
  responses: { 200: z.string(), ...errors },
});

export const exportProjectAudit = route({
  operationId: 'exportProjectAudit',
  method: 'GET',
  path: '/api/entrepot/v1/projects/{project_name}/audit/export',
  tag: 'auditlog',
  permission: 'log:list',
  at: 'project',
  summary: 'Export the audit of a project in the order of time, as a stream.',
  params: namedProjectParams,
  query: exportQuery,
  produces: 'application/x-ndjson',
  responses: { 200: z.string(), ...onOne },
});

const head = z.string().regex(/^[0-9a-f]{64}$/, 'a head is 64 hexadecimal digits');

export const auditVerification = z
  .object({
    rows: z.int().meta({ description: 'Rows that are there and that the chain vouches for, up to the first bad one.' }),
    purgedRows: z.int().meta({ description: 'Rows that were purged; the chain vouches for that too.' }),
    purges: z
      .array(
        z.object({
          at: z.string(),
          actor: z.string(),
          before: z.string().meta({ description: 'Rows of that time and later stayed.' }),
          actions: z
            .array(z.string())
            .meta({ description: 'Whose rows went; those of all actions where it is empty.' }),
          upTo: z.int().meta({ description: 'The last row of the stretch.' }),
          head: head.meta({ description: 'The head of the chain there, from which it goes on.' }),
          removed: z.int(),
          finished: z.boolean().meta({ description: 'False while some of the rows are still there.' }),
        }),
      )
      .meta({ description: 'What was purged, the newest first.' }),
    head: head.meta({
      description: 'The hash over all of them: kept elsewhere, it shows whether the end was cut off.',
    }),
    verified: z.boolean(),
    unchained: z.int().meta({ description: 'Rows that came meanwhile and are not chained yet.' }),
    firstBad: z.object({ firstId: z.int(), lastId: z.int(), reason: z.string() }).optional(),
  })
  .meta({ id: 'AuditVerification' });

export const verifyAudit = route({
  operationId: 'verifyAudit',
  method: 'GET',
  path: '/api/entrepot/v1/audit/verify',
  tag: 'auditlog',
  permission: 'audit-log:list',
  at: 'system',
  summary: 'Read the whole audit and say whether the chain of hashes vouches for every row.',
  query: z.object({ expect: head.optional().meta({ description: 'A head that was told earlier.' }) }),
  responses: { 200: auditVerification, ...errors },
});

export const auditRecords: readonly RouteRecord[] = [
  listAudit,
  listProjectAudit,
  exportAudit,
  exportProjectAudit,
  verifyAudit,
];
