import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { onOne } from './errors.ts';
import { listQuery } from './paging.ts';
import { id, projectHeaders, projectParams, time } from './params.ts';

const webhookJob = z
  .object({
    id: id.optional(),
    policy_id: id.optional(),
    event_type: z.string().optional(),
    notify_type: z.string().optional(),
    status: z.string().optional(),
    job_detail: z.string().optional(),
    creation_time: time.optional(),
    update_time: time.optional(),
  })
  .meta({ id: 'WebhookJob' });

export const listWebhookJobs = route({
  operationId: 'ListWebhookJobs',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name_or_id}/webhook/jobs',
  tag: 'webhookjob',
  permission: 'notification-policy:list',
  at: 'project',
  summary: 'List the deliveries of one webhook of a project.',
  params: projectParams,
  headers: projectHeaders,
  query: z.object({
    ...listQuery,
    policy_id: id,
    status: z.array(z.string().max(64)).max(20).optional(),
  }),
  responses: { 200: z.array(webhookJob), ...onOne },
  deprecated: true,
});

export const webhookJobRecords: readonly RouteRecord[] = [listWebhookJobs];
