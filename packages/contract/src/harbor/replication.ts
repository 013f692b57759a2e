import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { listQuery, pageQuery } from './paging.ts';
import { id, time } from './params.ts';
import { registry } from './registry.ts';
import { cron, givenName, optionalFlag, optionalId, optionalText, optionalWord } from './request-fields.ts';

const policy = z
  .object({
    id: id.optional(),
    name: z.string().optional(),
    description: z.string().optional(),
    src_registry: registry.optional(),
    dest_registry: registry.optional(),
    dest_namespace: z.string().optional(),
    dest_namespace_replace_count: z.int().optional(),
    trigger: z
      .object({
        type: z.string().optional(),
        trigger_settings: z.object({ cron: z.string().optional() }).optional(),
      })
      .meta({ id: 'ReplicationTrigger' })
      .optional(),
    filters: z
      .array(
        z
          .object({ type: z.string().optional(), value: z.unknown().optional(), decoration: z.string().optional() })
          .meta({ id: 'ReplicationFilter' }),
      )
      .optional(),
    replicate_deletion: z.boolean().optional(),
    deletion: z.boolean().optional(),
    override: z.boolean().optional(),
    enabled: z.boolean().optional(),
    creation_time: time.optional(),
    update_time: time.optional(),
    speed: z.int().optional(),
    copy_by_chunk: z.boolean().optional(),
    single_active_replication: z.boolean().optional(),
  })
  .meta({ id: 'ReplicationPolicy' });

/** Clients send the whole registry; its id is what counts. Nought and null are this registry. */
const registryChoice = z.object({ id: optionalId }).nullish();

const policyRequest = z
  .object({
    name: givenName,
    description: optionalText(1024),
    src_registry: registryChoice,
    dest_registry: registryChoice,
    dest_namespace: optionalText(255),
    dest_namespace_replace_count: z.int().min(-1).max(127).nullish(),
    trigger: z
      .object({
        type: optionalWord(['manual', 'scheduled', 'event_based']),
        trigger_settings: z.object({ cron }).nullish(),
      })
      .nullish(),
    filters: z
      .array(
        z.object({
          type: z.enum(['name', 'tag', 'label', 'resource']),
          value: z.union([z.string().max(1024), z.array(z.string().max(255)).max(100)]).nullish(),
          decoration: optionalWord(['matches', 'excludes']),
        }),
      )
      .max(100)
      .nullish(),
    replicate_deletion: optionalFlag,
    deletion: optionalFlag,
    override: optionalFlag,
    enabled: optionalFlag,
    speed: z
      .int()
      .min(-1)
      .max(2 ** 31 - 1)
      .nullish(),
    copy_by_chunk: optionalFlag,
    single_active_replication: optionalFlag,
  })
  .meta({ id: 'ReplicationPolicyRequest' });

const execution = z
  .object({
    id: id.optional(),
    policy_id: id.optional(),
    status: z.string().optional(),
    trigger: z.string().optional(),
    start_time: time.optional(),
    end_time: time.optional(),
    status_text: z.string(),
    total: z.int(),
    failed: z.int(),
    succeed: z.int(),
    in_progress: z.int(),
    stopped: z.int(),
  })
  .meta({ id: 'ReplicationExecution' });

const task = z
  .object({
    id: id.optional(),
    execution_id: id.optional(),
    status: z.string().optional(),
    job_id: z.string().optional(),
    operation: z.string().optional(),
    resource_type: z.string().optional(),
    src_resource: z.string().optional(),
    dst_resource: z.string().optional(),
    start_time: time.optional(),
    end_time: time.optional(),
  })
  .meta({ id: 'ReplicationTask' });

const tag = 'replication';
const at = 'system';
const policiesPath = '/api/v2.0/replication/policies';
const executionsPath = '/api/v2.0/replication/executions';
const params = z.object({ id });
const sortedPage = { sort: listQuery.sort, ...pageQuery };

export const listReplicationPolicies = route({
  operationId: 'listReplicationPolicies',
  method: 'GET',
  path: policiesPath,
  tag,
  permission: 'replication-policy:list',
  at,
  summary: 'List the replication policies.',
  query: z.object({ ...listQuery, name: z.string().max(255).optional() }),
  responses: { 200: z.array(policy), ...signedIn, 400: harborErrors },
});

export const createReplicationPolicy = route({
  operationId: 'createReplicationPolicy',
  method: 'POST',
  path: policiesPath,
  tag,
  permission: 'replication-policy:create',
  at,
  summary: 'Create a replication policy between this registry and another.',
  body: policyRequest,
  responses: { 201: null, ...signedIn, 400: harborErrors, 409: harborErrors },
});

export const getReplicationPolicy = route({
  operationId: 'getReplicationPolicy',
  method: 'GET',
  path: `${policiesPath}/{id}`,
  tag,
  permission: 'replication-policy:read',
  at,
  summary: 'Show one replication policy.',
  params,
  responses: { 200: policy, ...onOne },
});

export const deleteReplicationPolicy = route({
  operationId: 'deleteReplicationPolicy',
  method: 'DELETE',
  path: `${policiesPath}/{id}`,
  tag,
  permission: 'replication-policy:delete',
  at,
  summary: 'Delete a replication policy of which nothing is running.',
  params,
  responses: { 200: null, ...onOne, 412: harborErrors },
});

export const updateReplicationPolicy = route({
  operationId: 'updateReplicationPolicy',
  method: 'PUT',
  path: `${policiesPath}/{id}`,
  tag,
  permission: 'replication-policy:update',
  at,
  summary: 'Replace a replication policy.',
  params,
  body: policyRequest,
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const listReplicationExecutions = route({
  operationId: 'listReplicationExecutions',
  method: 'GET',
  path: executionsPath,
  tag,
  permission: 'replication:list',
  at,
  summary: 'List the runs of replication policies.',
  query: z.object({
    ...sortedPage,
    policy_id: id.optional(),
    status: z.string().max(64).optional(),
    trigger: z.string().max(64).optional(),
  }),
  responses: { 200: z.array(execution), ...signedIn, 400: harborErrors },
});

export const startReplication = route({
  operationId: 'startReplication',
  method: 'POST',
  path: executionsPath,
  tag,
  permission: 'replication:create',
  at,
  summary: 'Run a replication policy now.',
  body: z.object({ policy_id: id }).meta({ id: 'StartReplicationExecution' }),
  responses: { 201: null, ...onOne },
});

export const getReplicationExecution = route({
  operationId: 'getReplicationExecution',
  method: 'GET',
  path: `${executionsPath}/{id}`,
  tag,
  permission: 'replication:read',
  at,
  summary: 'Show one run of a replication policy.',
  params,
  responses: { 200: execution, ...onOne },
});

export const stopReplication = route({
  operationId: 'stopReplication',
  method: 'PUT',
  path: `${executionsPath}/{id}`,
  tag,
  permission: 'replication:create',
  at,
  summary: 'Stop a run of a replication policy.',
  params,
  responses: { 200: null, ...onOne },
});

export const listReplicationTasks = route({
  operationId: 'listReplicationTasks',
  method: 'GET',
  path: `${executionsPath}/{id}/tasks`,
  tag,
  permission: 'replication:list',
  at,
  summary: 'List what one run copies, and how far it is.',
  params,
  query: z.object({
    ...sortedPage,
    status: z.string().max(64).optional(),
    resource_type: z.string().max(64).optional(),
  }),
  responses: { 200: z.array(task), ...onOne },
});

export const getReplicationLog = route({
  operationId: 'getReplicationLog',
  method: 'GET',
  path: `${executionsPath}/{id}/tasks/{task_id}/log`,
  tag,
  permission: 'replication:read',
  at,
  summary: 'Read the log of one replication task.',
  params: z.object({ id, task_id: id }),
  responses: { 200: z.string(), ...onOne },
  produces: 'text/plain',
});

export const replicationRecords: readonly RouteRecord[] = [
  listReplicationPolicies,
  createReplicationPolicy,
  getReplicationPolicy,
  deleteReplicationPolicy,
  updateReplicationPolicy,
  listReplicationExecutions,
  startReplication,
  getReplicationExecution,
  stopReplication,
  listReplicationTasks,
  getReplicationLog,
];
