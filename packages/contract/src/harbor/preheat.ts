import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { execution, task } from './executions.ts';
import { listQuery } from './paging.ts';
import { id, time } from './params.ts';
import { address, givenName, optionalFlag, optionalId, optionalText, optionalWord } from './request-fields.ts';

const provider = z
  .object({
    id: z.string().optional(),
    name: z.string().optional(),
    icon: z.string().optional(),
    maintainers: z.array(z.string()).optional(),
    version: z.string().optional(),
    source: z.string().optional(),
  })
  .meta({ id: 'Metadata' });

const instance = z
  .object({
    id: id.optional(),
    name: z.string().optional(),
    description: z.string().optional(),
    vendor: z.string().optional(),
    endpoint: z.string().optional(),
    auth_mode: z.string().optional(),
    auth_info: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'Which fields are kept, never a secret.' }),
    status: z.string().optional(),
    enabled: z.boolean(),
    default: z.boolean(),
    insecure: z.boolean(),
    setup_timestamp: z.int().optional().meta({ description: 'Seconds since 1970.' }),
  })
  .meta({ id: 'Instance' });

const instanceRequest = z
  .object({
    id: optionalId,
    name: givenName,
    description: optionalText(1024),
    vendor: z.string().min(1).max(64),
    endpoint: address,
    auth_mode: optionalWord(['NONE', 'BASIC', 'OAUTH', 'CUSTOM']),
    auth_info: z.record(z.string().max(64), z.string().max(4096)).nullish(),
    enabled: optionalFlag,
    default: optionalFlag,
    insecure: optionalFlag,
  })
  .meta({ id: 'InstanceRequest' });

/** A kept instance is tried by its id alone. */
const instancePing = instanceRequest.partial().meta({ id: 'InstancePing' });

const policy = z
  .object({
    id: id.optional(),
    name: z.string().optional(),
    description: z.string().optional(),
    project_id: id.optional(),
    provider_id: id.optional(),
    provider_name: z.string().optional(),
    filters: z.string().optional().meta({ description: 'JSON as text.' }),
    trigger: z.string().optional().meta({ description: 'JSON as text.' }),
    enabled: z.boolean(),
    extra_attrs: z.string().optional().meta({ description: 'JSON as text.' }),
    creation_time: time.optional(),
    update_time: time.optional(),
  })
  .meta({ id: 'PreheatPolicy' });

const policyRequest = z
  .object({
    id: optionalId,
    name: givenName,
    description: optionalText(1024),
    project_id: optionalId,
    provider_id: optionalId,
    provider_name: optionalText(255),
    filters: optionalText(4096),
    trigger: optionalText(1024),
    enabled: optionalFlag,
    extra_attrs: optionalText(4096),
  })
  .meta({ id: 'PreheatPolicyRequest' });

const providerInProject = z
  .object({
    id: id.optional(),
    provider: z.string().optional(),
    enabled: z.boolean().optional(),
    default: z.boolean().optional(),
  })
  .meta({ id: 'ProviderUnderProject' });

const tag = 'preheat';
const instancesPath = '/api/v2.0/p2p/preheat/instances';
const instancePath = `${instancesPath}/{preheat_instance_name}`;
const instanceParams = z.object({ preheat_instance_name: givenName });
const projectPath = '/api/v2.0/projects/{project_name}/preheat';
const policiesPath = `${projectPath}/policies`;
const policyPath = `${policiesPath}/{preheat_policy_name}`;
const executionsPath = `${policyPath}/executions`;
const executionPath = `${executionsPath}/{execution_id}`;
const projectParams = z.object({ project_name: givenName });
const policyParams = projectParams.extend({ preheat_policy_name: givenName });
const executionParams = policyParams.extend({ execution_id: id });

export const listProviders = route({
  operationId: 'ListProviders',
  method: 'GET',
  path: '/api/v2.0/p2p/preheat/providers',
  tag,
  permission: 'preheat-instance:list',
  at: 'system',
  summary: 'List the peer-to-peer systems that images can be preheated in.',
  responses: { 200: z.array(provider), ...signedIn, 400: harborErrors, 404: harborErrors },
});

export const pingInstances = route({
  operationId: 'PingInstances',
  method: 'POST',
  path: `${instancesPath}/ping`,
  tag,
  permission: 'preheat-instance:read',
  at: 'system',
  summary: 'Try a connection to a preheat instance, a kept one or one just described.',
  body: instancePing,
  responses: { 200: null, ...onOne },
});

export const listInstances = route({
  operationId: 'ListInstances',
  method: 'GET',
  path: instancesPath,
  tag,
  permission: 'preheat-instance:list',
  at: 'system',
  summary: 'List the preheat instances.',
  query: z.object(listQuery),
  responses: { 200: z.array(instance), ...signedIn, 400: harborErrors, 404: harborErrors },
});

export const createInstance = route({
  operationId: 'CreateInstance',
  method: 'POST',
  path: instancesPath,
  tag,
  permission: 'preheat-instance:create',
  at: 'system',
  summary: 'Connect a preheat instance.',
  body: instanceRequest,
  responses: { 201: null, ...onOne, 409: harborErrors },
});

export const getInstance = route({
  operationId: 'GetInstance',
  method: 'GET',
  path: instancePath,
  tag,
  permission: 'preheat-instance:read',
  at: 'system',
  summary: 'Show one preheat instance.',
  params: instanceParams,
  responses: { 200: instance, ...onOne },
});

export const deleteInstance = route({
  operationId: 'DeleteInstance',
  method: 'DELETE',
  path: instancePath,
  tag,
  permission: 'preheat-instance:delete',
  at: 'system',
  summary: 'Disconnect a preheat instance.',
  params: instanceParams,
  responses: { 200: null, ...onOne },
});

export const updateInstance = route({
  operationId: 'UpdateInstance',
  method: 'PUT',
  path: instancePath,
  tag,
  permission: 'preheat-instance:update',
  at: 'system',
  summary: 'Replace a preheat instance.',
  params: instanceParams,
  body: instanceRequest,
  responses: { 200: null, ...onOne },
});

export const createPolicy = route({
  operationId: 'CreatePolicy',
  method: 'POST',
  path: policiesPath,
  tag,
  permission: 'preheat-policy:create',
  at: 'project',
  summary: 'Create a preheat policy of a project.',
  params: projectParams,
  body: policyRequest,
  responses: { 201: null, ...onOne, 409: harborErrors },
});

export const listPolicies = route({
  operationId: 'ListPolicies',
  method: 'GET',
  path: policiesPath,
  tag,
  permission: 'preheat-policy:list',
  at: 'project',
  summary: 'List the preheat policies of a project.',
  params: projectParams,
  query: z.object(listQuery),
  responses: { 200: z.array(policy), ...onOne },
});

export const getPolicy = route({
  operationId: 'GetPolicy',
  method: 'GET',
  path: policyPath,
  tag,
  permission: 'preheat-policy:read',
  at: 'project',
  summary: 'Show one preheat policy of a project.',
  params: policyParams,
  responses: { 200: policy, ...onOne },
});

export const updatePolicy = route({
  operationId: 'UpdatePolicy',
  method: 'PUT',
  path: policyPath,
  tag,
  permission: 'preheat-policy:update',
  at: 'project',
  summary: 'Replace a preheat policy of a project.',
  params: policyParams,
  body: policyRequest,
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const manualPreheat = route({
  operationId: 'ManualPreheat',
  method: 'POST',
  path: policyPath,
  tag,
  // Harbor asks for no more, and robots that start preheating were given no more.
  permission: 'preheat-policy:read',
  at: 'project',
  summary: 'Run a preheat policy now.',
  params: policyParams,
  // Clients send the policy along; the kept one is what runs.
  body: policyRequest.partial().meta({ id: 'ManualPreheatRequest' }),
  bodyOptional: true,
  responses: { 201: null, ...onOne },
});

export const deletePolicy = route({
  operationId: 'DeletePolicy',
  method: 'DELETE',
  path: policyPath,
  tag,
  permission: 'preheat-policy:delete',
  at: 'project',
  summary: 'Delete a preheat policy of a project.',
  params: policyParams,
  responses: { 200: null, ...onOne },
});

export const listExecutions = route({
  operationId: 'ListExecutions',
  method: 'GET',
  path: executionsPath,
  tag,
  permission: 'preheat-policy:list',
  at: 'project',
  summary: 'List the runs of a preheat policy.',
  params: policyParams,
  query: z.object(listQuery),
  responses: { 200: z.array(execution), ...onOne },
});

export const getExecution = route({
  operationId: 'GetExecution',
  method: 'GET',
  path: executionPath,
  tag,
  permission: 'preheat-policy:read',
  at: 'project',
  summary: 'Show one run of a preheat policy.',
  params: executionParams,
  responses: { 200: execution, ...onOne },
});

export const stopExecution = route({
  operationId: 'StopExecution',
  method: 'PATCH',
  path: executionPath,
  tag,
  permission: 'preheat-policy:update',
  at: 'project',
  summary: 'Stop a run of a preheat policy.',
  params: executionParams,
  body: z.object({ status: optionalText(64) }),
  responses: { 200: null, ...onOne },
});

export const listTasks = route({
  operationId: 'ListTasks',
  method: 'GET',
  path: `${executionPath}/tasks`,
  tag,
  permission: 'preheat-policy:list',
  at: 'project',
  summary: 'List what one run of a preheat policy does.',
  params: executionParams,
  query: z.object(listQuery),
  responses: { 200: z.array(task), ...onOne },
});

export const getPreheatLog = route({
  operationId: 'GetPreheatLog',
  method: 'GET',
  path: `${executionPath}/tasks/{task_id}/logs`,
  tag,
  permission: 'preheat-policy:read',
  at: 'project',
  summary: 'Read the log of one preheat task.',
  params: executionParams.extend({ task_id: id }),
  responses: { 200: z.string(), ...onOne },
  produces: 'text/plain',
});

export const listProvidersUnderProject = route({
  operationId: 'ListProvidersUnderProject',
  method: 'GET',
  path: `${projectPath}/providers`,
  tag,
  permission: 'preheat-policy:list',
  at: 'project',
  summary: 'List the preheat instances that policies of a project may use.',
  params: projectParams,
  responses: { 200: z.array(providerInProject), ...onOne },
});

export const preheatRecords: readonly RouteRecord[] = [
  listProviders,
  pingInstances,
  listInstances,
  createInstance,
  getInstance,
  deleteInstance,
  updateInstance,
  createPolicy,
  listPolicies,
  getPolicy,
  updatePolicy,
  manualPreheat,
  deletePolicy,
  listExecutions,
  getExecution,
  stopExecution,
  listTasks,
  getPreheatLog,
  listProvidersUnderProject,
];
