import { z } from 'zod';
import { harborErrors, onOne } from '#src/harbor/errors';
import { id, projectHeaders as headers, projectParams } from '#src/harbor/params';
import { type RouteRecord, route } from '#src/route';

const pattern = z
  .string()
  .max(1024)
  .meta({ description: 'A pattern such as `app/**` or `{v*,latest}`; empty for everything.' });

const options = z.object({
  repositories: pattern,
  tags: pattern,
  signed: z.boolean().meta({ description: 'Whether deliveries carry X-Entrepot-Signature.' }),
});

const optionsUpdate = z.object({
  repositories: pattern.optional(),
  tags: pattern.optional(),
  signing_secret: z
    .string()
    .min(16)
    .max(256)
    .nullish()
    .meta({ description: 'Signs deliveries from now on; null for no signature. It is never shown.' }),
});

const delivery = z.object({
  execution_ids: z.array(id).meta({ description: 'One for each target.' }),
});

const tag = 'webhook';
const at = 'project';
const path = '/api/entrepot/v1/projects/{project_name_or_id}/webhook';
const policyPath = `${path}/policies/{webhook_policy_id}`;
const params = projectParams.extend({ webhook_policy_id: id });

export const getWebhookOptions = route({
  operationId: 'getWebhookOptions',
  method: 'GET',
  path: `${policyPath}/options`,
  tag,
  permission: 'notification-policy:read',
  at,
  summary: 'Show which repositories and tags a webhook is for, and whether it signs.',
  params,
  headers,
  responses: { 200: options, ...onOne },
});

export const updateWebhookOptions = route({
  operationId: 'updateWebhookOptions',
  method: 'PUT',
  path: `${policyPath}/options`,
  tag,
  permission: 'notification-policy:update',
  at,
  summary: 'Limit a webhook to repositories and tags, or have it sign; what is left out stays.',
  params,
  headers,
  body: optionsUpdate,
  responses: { 200: options, ...onOne },
});

export const testWebhookPolicy = route({
  operationId: 'testWebhookPolicy',
  method: 'POST',
  path: `${policyPath}/test`,
  tag,
  permission: 'notification-policy:update',
  at,
  summary: 'Send an example of an event to every target of a webhook; its deliveries tell how it went.',
  params,
  headers,
  body: z.object({ event_type: z.string().max(64).optional() }),
  bodyOptional: true,
  responses: { 202: delivery, ...onOne },
});

export const redeliverWebhook = route({
  operationId: 'redeliverWebhook',
  method: 'POST',
  path: `${path}/deliveries/{delivery_id}/redeliver`,
  tag,
  permission: 'notification-policy:update',
  at,
  summary: 'Send what was sent before once more; a delivery is a task of an execution of the webhook.',
  params: projectParams.extend({ delivery_id: id }),
  headers,
  responses: { 202: delivery, ...onOne, 409: harborErrors },
});

export const webhookExtraRecords: readonly RouteRecord[] = [
  getWebhookOptions,
  updateWebhookOptions,
  testWebhookPolicy,
  redeliverWebhook,
];
