import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne } from './errors.ts';
import { pageQuery } from './paging.ts';
import { id, projectHeaders, projectParams } from './params.ts';
import { userGroupRequest } from './user-group.ts';

const member = z
  .object({
    id: z.int().optional(),
    project_id: z.int().optional(),
    entity_name: z.string().optional(),
    role_name: z.string().optional(),
    role_id: z.int().optional(),
    entity_id: z.int().optional().meta({ description: 'Of the user or the group.' }),
    entity_type: z.enum(['u', 'g']).optional().meta({ description: '`u` for a user, `g` for a group.' }),
  })
  .meta({ id: 'ProjectMemberEntity' });

const memberParams = z.object({ ...projectParams.shape, mid: id });

export const listProjectMembers = route({
  operationId: 'listProjectMembers',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name_or_id}/members',
  tag: 'member',
  permission: 'member:list',
  at: 'project',
  summary: 'List the users and groups that have a role in a project.',
  params: projectParams,
  query: z.object({ ...pageQuery, entityname: z.string().max(255).optional() }),
  headers: projectHeaders,
  responses: { 200: z.array(member), ...onOne },
});

export const createProjectMember = route({
  operationId: 'createProjectMember',
  method: 'POST',
  path: '/api/v2.0/projects/{project_name_or_id}/members',
  tag: 'member',
  permission: 'member:create',
  at: 'project',
  summary: 'Give a user or a group, by id or by name, a role in a project.',
  params: projectParams,
  headers: projectHeaders,
  // One of the two is needed; clients send an empty other one.
  body: z.object({
    role_id: id,
    member_user: z.object({ user_id: z.int().min(0).nullish(), username: z.string().max(255).nullish() }).nullish(),
    member_group: z.object({ ...userGroupRequest.shape, id: z.int().min(0).nullish() }).nullish(),
  }),
  responses: { 201: null, ...onOne, 409: harborErrors },
});

export const getProjectMember = route({
  operationId: 'getProjectMember',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name_or_id}/members/{mid}',
  tag: 'member',
  permission: 'member:read',
  at: 'project',
  summary: 'Read a membership.',
  params: memberParams,
  headers: projectHeaders,
  responses: { 200: member, ...onOne },
});

export const updateProjectMember = route({
  operationId: 'updateProjectMember',
  method: 'PUT',
  path: '/api/v2.0/projects/{project_name_or_id}/members/{mid}',
  tag: 'member',
  permission: 'member:update',
  at: 'project',
  summary: 'Change the role of a member.',
  params: memberParams,
  headers: projectHeaders,
  body: z.object({ role_id: id }),
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const deleteProjectMember = route({
  operationId: 'deleteProjectMember',
  method: 'DELETE',
  path: '/api/v2.0/projects/{project_name_or_id}/members/{mid}',
  tag: 'member',
  permission: 'member:delete',
  at: 'project',
  summary: 'Take a member out of a project.',
  params: memberParams,
  headers: projectHeaders,
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const memberRecords: readonly RouteRecord[] = [
  listProjectMembers,
  createProjectMember,
  getProjectMember,
  updateProjectMember,
  deleteProjectMember,
];
