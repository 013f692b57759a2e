import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne } from './errors.ts';
import { execution, task } from './executions.ts';
import { listQuery } from './paging.ts';
import { id, projectHeaders as headers, projectParams, time } from './params.ts';
import { address, givenName, optionalFlag, optionalId, optionalText, optionalWord } from './request-fields.ts';

/** The events that a webhook of a project may wait for. */
/** What a webhook may be told of. */
export const eventTypes = [
  'PUSH_ARTIFACT',
  'PULL_ARTIFACT',
  'DELETE_ARTIFACT',
  'QUOTA_EXCEED',
  'QUOTA_WARNING',
  'SCANNING_FAILED',
  'SCANNING_STOPPED',
  'SCANNING_COMPLETED',
  'REPLICATION',
  'TAG_RETENTION',
  // Beyond Harbor's.
  'TAG_CREATED',
  'TAG_DELETED',
  'REPOSITORY_DELETED',
] as const;

const payloadFormats = ['Default', 'CloudEvents'] as const;

const policy = z
  .object({
    id: id.optional(),
    name: z.string().optional(),
    description: z.string().optional(),
    project_id: id.optional(),
    targets: z
      .array(
        z
          .object({
            type: z.string().optional(),
            address: z.string().optional(),
            auth_header: z.string().optional(),
            skip_cert_verify: z.boolean().optional(),
            payload_format: z.string().optional(),
          })
          .meta({ id: 'WebhookTargetObject' }),
      )
      .optional(),
    event_types: z.array(z.string()).optional(),
    creator: z.string().optional(),
    creation_time: time.optional(),
    update_time: time.optional(),
    enabled: z.boolean(),
  })
  .meta({ id: 'WebhookPolicy' });

const policyRequest = z
  .object({
    id: optionalId,
    name: givenName,
    description: optionalText(1024),
    project_id: optionalId,
    targets: z
      .array(
        z.object({
          type: z.enum(['http', 'slack']),
          address,
          auth_header: optionalText(4096),
          skip_cert_verify: optionalFlag,
          payload_format: optionalWord(payloadFormats),
        }),
      )
      .min(1)
      .max(20),
    event_types: z.array(z.enum(eventTypes)).min(1).max(100),
    enabled: optionalFlag,
  })
  .meta({ id: 'WebhookPolicyRequest' });

const lastTriggered = z
  .object({
    policy_name: z.string().optional(),
    event_type: z.string().optional(),
    enabled: z.boolean().optional(),
    creation_time: time.optional(),
    last_trigger_time: time.optional(),
  })
  .meta({ id: 'WebhookLastTrigger' });

const supportedEvents = z
  .object({
    event_type: z.array(z.string()).optional(),
    notify_type: z.array(z.string()).optional(),
    payload_formats: z
      .array(z.object({ notify_type: z.string().optional(), formats: z.array(z.string()).optional() }))
      .optional(),
  })
  .meta({ id: 'SupportedWebhookEventTypes' });

const tag = 'webhook';
const at = 'project';
const path = '/api/v2.0/projects/{project_name_or_id}/webhook';
const policiesPath = `${path}/policies`;
const policyPath = `${policiesPath}/{webhook_policy_id}`;
const executionsPath = `${policyPath}/executions`;
const policyParams = projectParams.extend({ webhook_policy_id: id });
const executionParams = policyParams.extend({ execution_id: id });

export const listWebhookPoliciesOfProject = route({
  operationId: 'ListWebhookPoliciesOfProject',
  method: 'GET',
  path: policiesPath,
  tag,
  permission: 'notification-policy:list',
  at,
  summary: 'List the webhooks of a project.',
  params: projectParams,
  headers,
  query: z.object(listQuery),
  responses: { 200: z.array(policy), ...onOne },
});

export const createWebhookPolicyOfProject = route({
  operationId: 'CreateWebhookPolicyOfProject',
  method: 'POST',
  path: policiesPath,
  tag,
  permission: 'notification-policy:create',
  at,
  summary: 'Create a webhook of a project.',
  params: projectParams,
  headers,
  body: policyRequest,
  responses: { 201: null, ...onOne, 409: harborErrors },
});

export const getWebhookPolicyOfProject = route({
  operationId: 'GetWebhookPolicyOfProject',
  method: 'GET',
  path: policyPath,
  tag,
  permission: 'notification-policy:read',
  at,
  summary: 'Show one webhook of a project.',
  params: policyParams,
  headers,
  responses: { 200: policy, ...onOne },
});

export const updateWebhookPolicyOfProject = route({
  operationId: 'UpdateWebhookPolicyOfProject',
  method: 'PUT',
  path: policyPath,
  tag,
  permission: 'notification-policy:update',
  at,
  summary: 'Replace a webhook of a project.',
  params: policyParams,
  headers,
  body: policyRequest,
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const deleteWebhookPolicyOfProject = route({
  operationId: 'DeleteWebhookPolicyOfProject',
  method: 'DELETE',
  path: policyPath,
  tag,
  permission: 'notification-policy:delete',
  at,
  summary: 'Delete a webhook of a project.',
  params: policyParams,
  headers,
  responses: { 200: null, ...onOne },
});

export const listExecutionsOfWebhookPolicy = route({
  operationId: 'ListExecutionsOfWebhookPolicy',
  method: 'GET',
  path: executionsPath,
  tag,
  permission: 'notification-policy:read',
  at,
  summary: 'List the times a webhook was triggered.',
  params: policyParams,
  headers,
  query: z.object(listQuery),
  responses: { 200: z.array(execution), ...onOne },
});

export const listTasksOfWebhookExecution = route({
  operationId: 'ListTasksOfWebhookExecution',
  method: 'GET',
  path: `${executionsPath}/{execution_id}/tasks`,
  tag,
  permission: 'notification-policy:read',
  at,
  summary: 'List the deliveries of one time a webhook was triggered.',
  params: executionParams,
  headers,
  query: z.object(listQuery),
  responses: { 200: z.array(task), ...onOne },
});

export const getLogsOfWebhookTask = route({
  operationId: 'GetLogsOfWebhookTask',
  method: 'GET',
  path: `${executionsPath}/{execution_id}/tasks/{task_id}/log`,
  tag,
  permission: 'notification-policy:read',
  at,
  summary: 'Read the log of one delivery of a webhook.',
  params: executionParams.extend({ task_id: id }),
  headers,
  responses: { 200: z.string(), ...onOne },
  produces: 'text/plain',
});

export const lastTrigger = route({
  operationId: 'LastTrigger',
  method: 'GET',
  path: `${path}/lasttrigger`,
  tag,
  permission: 'notification-policy:read',
  at,
  summary: 'Tell when each webhook of a project was last triggered.',
  params: projectParams,
  headers,
  responses: { 200: z.array(lastTriggered), ...onOne },
  deprecated: true,
});

export const getSupportedEventTypes = route({
  operationId: 'GetSupportedEventTypes',
  method: 'GET',
  path: `${path}/events`,
  tag,
  permission: 'notification-policy:read',
  at,
  summary: 'List the events, ways of delivery and payload formats that webhooks know.',
  params: projectParams,
  headers,
  responses: { 200: supportedEvents, ...onOne },
});

export const webhookRecords: readonly RouteRecord[] = [
  listWebhookPoliciesOfProject,
  createWebhookPolicyOfProject,
  getWebhookPolicyOfProject,
  updateWebhookPolicyOfProject,
  deleteWebhookPolicyOfProject,
  listExecutionsOfWebhookPolicy,
  listTasksOfWebhookExecution,
  getLogsOfWebhookTask,
  lastTrigger,
  getSupportedEventTypes,
];
