import { z } from 'zod';
import { harborErrors, onOne } from '#src/harbor/errors';
import { listQuery } from '#src/harbor/paging';
import { id, projectHeaders, projectParams, time } from '#src/harbor/params';
import { type RouteRecord, route } from '#src/route';

const condition = z.object({
  claim: z
    .string()
    .min(1)
    .max(255)
    .meta({ description: 'By name, as a path with dots, or as a JSON pointer such as /kubernetes.io/namespace.' }),
  values: z
    .array(z.string().min(1).max(255))
    .min(1)
    .max(50)
    .meta({ description: 'Patterns, of which one has to match: * within slashes, ** across them.' }),
});

const settings = {
  name: z.string().min(1).max(255),
  robot_id: id.meta({ description: 'Whom the token stands for.' }),
  issuer: z.url().max(2048).meta({ description: 'As the tokens spell it in iss.' }),
  audience: z.string().min(1).max(255).meta({ description: 'One of those that the tokens are for.' }),
  conditions: z.array(condition).min(1).max(20).meta({ description: 'All have to hold.' }),
};

const jwks = z
  .object({
    keys: z
      .array(z.looseObject({ kty: z.string().max(10) }))
      .min(1)
      .max(100),
  })
  .meta({ description: 'Public keys of an issuer that cannot be asked for them.' });

const lifetime = z
  .int()
  .min(60)
  .max(7 * 24 * 3600)
  .meta({ description: 'The longest life of a token, from iat to exp.' });

const optional = {
  description: z.string().max(1024),
  jwks: jwks.nullable(),
  max_lifetime_seconds: lifetime,
  single_use: z.boolean().meta({ description: 'Whether a token is exchanged once only.' }),
  disabled: z.boolean(),
};

const workloadIdentity = z.object({
  id: z.int(),
  project_id: z.int().nullable(),
  ...settings,
  ...optional,
  last_used_time: time.nullable(),
  creation_time: time,
  update_time: time,
});

const created = z.object({
  ...settings,
  description: optional.description.nullish(),
  jwks: optional.jwks.nullish(),
  max_lifetime_seconds: lifetime.nullish(),
  single_use: optional.single_use.nullish(),
  disabled: optional.disabled.nullish(),
});

const changed = z.object({ ...settings, ...optional }).partial();

const inSystem = '/api/entrepot/v1/workload-identities';
const inProject = '/api/entrepot/v1/projects/{project_name_or_id}/workload-identities';
const oneParams = z.object({ workload_identity_id: id });
const oneOfProjectParams = projectParams.extend(oneParams.shape);

export const listWorkloadIdentities = route({
  operationId: 'listWorkloadIdentities',
  method: 'GET',
  path: inSystem,
  tag: 'workload-identity',
  permission: 'workload-identity:list',
  at: 'system',
  summary: 'List the workload identities of the registry, which belong to no project.',
  query: z.object(listQuery),
  responses: { 200: z.array(workloadIdentity), ...onOne },
});

export const createWorkloadIdentity = route({
  operationId: 'createWorkloadIdentity',
  method: 'POST',
  path: inSystem,
  tag: 'workload-identity',
  permission: 'workload-identity:create',
  at: 'system',
  summary: 'Let tokens of another issuer stand for a robot.',
  body: created,
  responses: { 201: workloadIdentity, ...onOne, 409: harborErrors },
});

export const getWorkloadIdentity = route({
  operationId: 'getWorkloadIdentity',
  method: 'GET',
  path: `${inSystem}/{workload_identity_id}`,
  tag: 'workload-identity',
  permission: 'workload-identity:read',
  at: 'system',
  summary: 'Read a workload identity of the registry.',
  params: oneParams,
  responses: { 200: workloadIdentity, ...onOne },
});

export const updateWorkloadIdentity = route({
  operationId: 'updateWorkloadIdentity',
  method: 'PATCH',
  path: `${inSystem}/{workload_identity_id}`,
  tag: 'workload-identity',
  permission: 'workload-identity:update',
  at: 'system',
  summary: 'Change a workload identity of the registry; what is left out stays.',
  params: oneParams,
  body: changed,
  responses: { 200: workloadIdentity, ...onOne, 409: harborErrors },
});

export const deleteWorkloadIdentity = route({
  operationId: 'deleteWorkloadIdentity',
  method: 'DELETE',
  path: `${inSystem}/{workload_identity_id}`,
  tag: 'workload-identity',
  permission: 'workload-identity:delete',
  at: 'system',
  summary: 'Delete a workload identity of the registry.',
  params: oneParams,
  responses: { 200: null, ...onOne },
});

export const listProjectWorkloadIdentities = route({
  operationId: 'listProjectWorkloadIdentities',
  method: 'GET',
  path: inProject,
  tag: 'workload-identity',
  permission: 'workload-identity:list',
  at: 'project',
  summary: 'List the workload identities of a project.',
  params: projectParams,
  headers: projectHeaders,
  query: z.object(listQuery),
  responses: { 200: z.array(workloadIdentity), ...onOne },
});

export const createProjectWorkloadIdentity = route({
  operationId: 'createProjectWorkloadIdentity',
  method: 'POST',
  path: inProject,
  tag: 'workload-identity',
  permission: 'workload-identity:create',
  at: 'project',
  summary: 'Let tokens of another issuer stand for a robot of the project.',
  params: projectParams,
  headers: projectHeaders,
  body: created,
  responses: { 201: workloadIdentity, ...onOne, 409: harborErrors },
});

export const getProjectWorkloadIdentity = route({
  operationId: 'getProjectWorkloadIdentity',
  method: 'GET',
  path: `${inProject}/{workload_identity_id}`,
  tag: 'workload-identity',
  permission: 'workload-identity:read',
  at: 'project',
  summary: 'Read a workload identity of a project.',
  params: oneOfProjectParams,
  headers: projectHeaders,
  responses: { 200: workloadIdentity, ...onOne },
});

export const updateProjectWorkloadIdentity = route({
  operationId: 'updateProjectWorkloadIdentity',
  method: 'PATCH',
  path: `${inProject}/{workload_identity_id}`,
  tag: 'workload-identity',
  permission: 'workload-identity:update',
  at: 'project',
  summary: 'Change a workload identity of a project; what is left out stays.',
  params: oneOfProjectParams,
  headers: projectHeaders,
  body: changed,
  responses: { 200: workloadIdentity, ...onOne, 409: harborErrors },
});

export const deleteProjectWorkloadIdentity = route({
  operationId: 'deleteProjectWorkloadIdentity',
  method: 'DELETE',
  path: `${inProject}/{workload_identity_id}`,
  tag: 'workload-identity',
  permission: 'workload-identity:delete',
  at: 'project',
  summary: 'Delete a workload identity of a project.',
  params: oneOfProjectParams,
  headers: projectHeaders,
  responses: { 200: null, ...onOne },
});

export const workloadIdentityRecords: readonly RouteRecord[] = [
  listWorkloadIdentities,
  createWorkloadIdentity,
  getWorkloadIdentity,
  updateWorkloadIdentity,
  deleteWorkloadIdentity,
  listProjectWorkloadIdentities,
  createProjectWorkloadIdentity,
  getProjectWorkloadIdentity,
  updateProjectWorkloadIdentity,
  deleteProjectWorkloadIdentity,
];
