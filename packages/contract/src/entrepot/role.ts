import { z } from 'zod';
import { harborErrors, onOne, signedIn } from '#src/harbor/errors';
import { listQuery, pageQuery } from '#src/harbor/paging';
import { id, projectHeaders, projectParams, time } from '#src/harbor/params';
import { type RouteRecord, route } from '#src/route';

const permissionList = z.array(z.string().min(1).max(64)).max(300).meta({
  description: 'As resource:action, such as repository:pull.',
});

const role = z
  .object({
    id: z.int(),
    name: z.string(),
    level: z.enum(['project', 'system']).meta({
      description: 'Given in projects, or in the whole registry, from where it reaches into every project.',
    }),
    description: z.string(),
    permissions: z.array(z.string()),
    creation_time: time,
    update_time: time,
  })
  .meta({ id: 'Role' });

const roleText = { name: z.string().min(1).max(64), description: z.string().max(1024).nullish() };
const roleParams = z.object({ role_id: id });

export const listRoles = route({
  operationId: 'listRoles',
  method: 'GET',
  path: '/api/entrepot/v1/roles',
  tag: 'role',
  permission: 'role:list',
  at: 'system',
  summary: 'List the roles that are made here, beside the five of Harbor.',
  query: z.object(listQuery),
  responses: { 200: z.array(role), ...signedIn, 400: harborErrors },
});

export const createRole = route({
  operationId: 'createRole',
  method: 'POST',
  path: '/api/entrepot/v1/roles',
  tag: 'role',
  permission: 'role:create',
  at: 'system',
  summary: 'Make a role of permissions that the caller has himself.',
  body: z.object({ ...roleText, level: z.enum(['project', 'system']), permissions: permissionList }),
  responses: { 201: null, ...signedIn, 400: harborErrors, 409: harborErrors },
});

export const getRole = route({
  operationId: 'getRole',
  method: 'GET',
  path: '/api/entrepot/v1/roles/{role_id}',
  tag: 'role',
  permission: 'role:read',
  at: 'system',
  summary: 'Read a role.',
  params: roleParams,
  responses: { 200: role, ...onOne },
});

export const updateRole = route({
  operationId: 'updateRole',
  method: 'PUT',
  path: '/api/entrepot/v1/roles/{role_id}',
  tag: 'role',
  permission: 'role:update',
  at: 'system',
  summary: 'Change a role, for everybody who has it; its level stays.',
  params: roleParams,
  body: z.object({ ...roleText, permissions: permissionList }),
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const deleteRole = route({
  operationId: 'deleteRole',
  method: 'DELETE',
  path: '/api/entrepot/v1/roles/{role_id}',
  tag: 'role',
  permission: 'role:delete',
  at: 'system',
  summary: 'Remove a role that nobody has.',
  params: roleParams,
  responses: { 200: null, ...onOne, 409: harborErrors },
});

/** One of the two is needed. */
const whom = {
  user: z
    .object({ id: id.nullish(), name: z.string().max(255).nullish() })
    .nullish()
    .meta({ description: 'A user by id or by name.' }),
  group: z
    .object({ id: id.nullish(), name: z.string().max(255).nullish() })
    .nullish()
    .meta({ description: 'A group by id or by name.' }),
};

const given = {
  id: z.int(),
  entity_type: z.enum(['u', 'g']).meta({ description: '`u` for a user, `g` for a group.' }),
  entity_id: z.int(),
  entity_name: z.string(),
  role_id: z.int(),
  role_name: z.string(),
};

const givenParams = z.object({ member_id: id });

export const listSystemMembers = route({
  operationId: 'listSystemMembers',
  method: 'GET',
  path: '/api/entrepot/v1/system-members',
  tag: 'role',
  permission: 'role:list',
  at: 'system',
  summary: 'List the users and groups that have a role in the whole registry.',
  query: z.object(pageQuery),
  responses: { 200: z.array(z.object(given)), ...signedIn, 400: harborErrors },
});

export const addSystemMember = route({
  operationId: 'addSystemMember',
  method: 'POST',
  path: '/api/entrepot/v1/system-members',
  tag: 'role',
  permission: 'role:update',
  at: 'system',
  summary: 'Give a user or a group a role in the whole registry.',
  body: z.object({ role_id: id, ...whom }),
  responses: { 201: null, ...onOne, 409: harborErrors },
});

export const removeSystemMember = route({
  operationId: 'removeSystemMember',
  method: 'DELETE',
  path: '/api/entrepot/v1/system-members/{member_id}',
  tag: 'role',
  permission: 'role:update',
  at: 'system',
  summary: 'Take a role in the whole registry away.',
  params: givenParams,
  responses: { 200: null, ...onOne },
});

const repositoryMemberPath = '/api/entrepot/v1/projects/{project_name_or_id}/repository-members';
const pattern = z.string().min(1).max(255).meta({
  description: 'Of names behind that of the project, such as app/**; * stays between slashes.',
});
const repositoryMemberParams = z.object({ ...projectParams.shape, member_id: id });

export const listRepositoryMembers = route({
  operationId: 'listRepositoryMembers',
  method: 'GET',
  path: repositoryMemberPath,
  tag: 'role',
  permission: 'member:list',
  at: 'project',
  summary: 'List who has a role in some repositories of a project.',
  params: projectParams,
  query: z.object(pageQuery),
  headers: projectHeaders,
  responses: { 200: z.array(z.object({ ...given, pattern: z.string() })), ...onOne },
});

export const addRepositoryMember = route({
  operationId: 'addRepositoryMember',
  method: 'POST',
  path: repositoryMemberPath,
  tag: 'role',
  permission: 'member:create',
  at: 'project',
  summary: 'Give a user or a group a role in those repositories of a project that a pattern matches.',
  params: projectParams,
  headers: projectHeaders,
  body: z.object({ role_id: id, pattern, ...whom }),
  responses: { 201: null, ...onOne, 409: harborErrors },
});

export const updateRepositoryMember = route({
  operationId: 'updateRepositoryMember',
  method: 'PUT',
  path: `${repositoryMemberPath}/{member_id}`,
  tag: 'role',
  permission: 'member:update',
  at: 'project',
  summary: 'Change the role that somebody has in some repositories of a project.',
  params: repositoryMemberParams,
  headers: projectHeaders,
  body: z.object({ role_id: id }),
  responses: { 200: null, ...onOne },
});

export const removeRepositoryMember = route({
  operationId: 'removeRepositoryMember',
  method: 'DELETE',
  path: `${repositoryMemberPath}/{member_id}`,
  tag: 'role',
  permission: 'member:delete',
  at: 'project',
  summary: 'Take the role away that somebody has in some repositories of a project.',
  params: repositoryMemberParams,
  headers: projectHeaders,
  responses: { 200: null, ...onOne },
});

export const roleRecords: readonly RouteRecord[] = [
  listRoles,
  createRole,
  getRole,
  updateRole,
  deleteRole,
  listSystemMembers,
  addSystemMember,
  removeSystemMember,
  listRepositoryMembers,
  addRepositoryMember,
  updateRepositoryMember,
  removeRepositoryMember,
];
