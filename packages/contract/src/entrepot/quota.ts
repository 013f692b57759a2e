import { z } from 'zod';
import { onOne } from '#src/harbor/errors';
import { projectHeaders, projectParams } from '#src/harbor/params';
import { type RouteRecord, route } from '#src/route';

const bytes = z.int().min(0);

const amounts = z.object({
  storage: z.int().meta({ description: 'Bytes.' }),
  count: z.int().meta({ description: 'Artifacts.' }),
});

const limits = amounts.meta({ id: 'QuotaLimits', description: '-1 is no limit.' });

export const getProjectUsage = route({
  operationId: 'getProjectUsage',
  method: 'GET',
  path: '/api/entrepot/v1/projects/{project_name_or_id}/usage',
  tag: 'quota',
  permission: 'quota:read',
  at: 'project',
  summary: 'Tell how much a project stores and may store, with and without what its artifacts share.',
  params: projectParams,
  headers: projectHeaders,
  responses: {
    200: z
      .object({
        hard: limits,
        used: amounts,
        unique_size: bytes.meta({ description: 'Bytes that count: every blob and manifest of the project once.' }),
        logical_size: bytes.meta({ description: 'Bytes that its artifacts would take if none shared anything.' }),
        shared_size: bytes.meta({
          description:
            'Bytes among the unique ones that other projects hold too: to delete the project frees the others.',
        }),
        arriving_size: bytes.meta({ description: 'Bytes so far of uploads under way.' }),
        blobs: z.int(),
        manifests: z.int(),
        artifacts: z.int().meta({ description: 'Manifests that are not only parts of others or attached to them.' }),
      })
      .meta({ id: 'ProjectUsage' }),
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
        counted: amounts.meta({ description: 'By the running figures.' }),
        found: amounts.meta({ description: 'What is there.' }),
        difference: amounts.meta({ description: 'Found less counted; 0 unless something is broken.' }),
      })
      .meta({ id: 'QuotaRecount' }),
    ...onOne,
  },
});

export const projectQuotaRecords: readonly RouteRecord[] = [getProjectUsage, recountProjectQuota];
