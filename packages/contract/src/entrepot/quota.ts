import { z } from 'zod';
import { onOne } from '#src/harbor/errors';
import { projectHeaders, projectParams } from '#src/harbor/params';
import { type RouteRecord, route } from '#src/route';

const bytes = z.int().min(0);

export const getProjectQuota = route({
  operationId: 'getProjectQuota',
  method: 'GET',
  path: '/api/entrepot/v1/projects/{project_name_or_id}/quota',
  tag: 'quota',
  permission: 'quota:read',
  at: 'project',
  summary: 'Tell how much a project stores and may store, with and without what its artifacts share.',
  params: projectParams,
  headers: projectHeaders,
  responses: {
    200: z
      .object({
        limit: z.int().min(-1).meta({ description: 'In bytes; -1 is no limit.' }),
        unique_size: bytes.meta({ description: 'Bytes that count: every blob and manifest of the project once.' }),
        logical_size: bytes.meta({ description: 'Bytes that its artifacts would take if none shared anything.' }),
        arriving_size: bytes.meta({ description: 'Bytes so far of uploads under way.' }),
        blobs: z.int(),
        manifests: z.int(),
        artifacts: z.int().meta({ description: 'Manifests that are not only parts of others or attached to them.' }),
      })
      .meta({ id: 'ProjectQuota' }),
    ...onOne,
  },
});

export const recountProjectQuota = route({
  operationId: 'recountProjectQuota',
  method: 'POST',
  path: '/api/entrepot/v1/projects/{project_name_or_id}/quota/recount',
  tag: 'quota',
  permission: 'quota:update',
  at: 'system',
  summary: 'Count what a project stores anew, and mend the running figure should it differ.',
  params: projectParams,
  headers: projectHeaders,
  responses: {
    200: z
      .object({
        counted: z.int().meta({ description: 'Bytes by the running figure.' }),
        found: bytes.meta({ description: 'Bytes that are there.' }),
        difference: z.int().meta({ description: 'Found less counted; 0 unless something is broken.' }),
      })
      .meta({ id: 'QuotaRecount' }),
    ...onOne,
  },
});

export const projectQuotaRecords: readonly RouteRecord[] = [getProjectQuota, recountProjectQuota];
