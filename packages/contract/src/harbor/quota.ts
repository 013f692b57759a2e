import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { pageQuery } from './paging.ts';
import { id, time } from './params.ts';

/** Amounts by what is counted: `storage` in bytes and the `count` of artifacts; -1 is no limit. */
export const resourceList = z.record(z.string(), z.int()).meta({ id: 'ResourceList' });

const quota = z
  .object({
    id: z.int().optional(),
    ref: z
      .object({ id: z.int().optional(), name: z.string().optional(), owner_name: z.string().optional() })
      .optional()
      .meta({ description: 'The project.' }),
    hard: resourceList.optional(),
    used: resourceList.optional(),
    creation_time: time.optional(),
    update_time: time.optional(),
  })
  .meta({ id: 'Quota' });

const quotaParams = z.object({ id });

export const listQuotas = route({
  operationId: 'listQuotas',
  method: 'GET',
  path: '/api/v2.0/quotas',
  tag: 'quota',
  permission: 'quota:list',
  at: 'system',
  summary: 'List the quotas of all projects.',
  query: z.object({
    ...pageQuery,
    sort: z.string().max(255).optional(),
    reference: z.string().max(255).optional(),
    reference_id: z.string().max(255).optional(),
  }),
  responses: { 200: z.array(quota), ...signedIn, 400: harborErrors },
});

export const getQuota = route({
  operationId: 'getQuota',
  method: 'GET',
  path: '/api/v2.0/quotas/{id}',
  tag: 'quota',
  permission: 'quota:read',
  at: 'object',
  summary: 'Read a quota.',
  params: quotaParams,
  responses: { 200: quota, ...onOne },
});

export const updateQuota = route({
  operationId: 'updateQuota',
  method: 'PUT',
  path: '/api/v2.0/quotas/{id}',
  tag: 'quota',
  permission: 'quota:update',
  at: 'system',
  summary: 'Change how much storage a project may use, and how many artifacts it may hold.',
  params: quotaParams,
  body: z.object({ hard: z.object({ storage: z.int().min(-1).optional(), count: z.int().min(-1).optional() }) }),
  responses: { 200: null, ...onOne },
});

export const quotaRecords: readonly RouteRecord[] = [listQuotas, getQuota, updateQuota];
