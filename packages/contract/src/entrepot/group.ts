import { z } from 'zod';
import { harborErrors, onOne, signedIn } from '#src/harbor/errors';
import { pageQuery } from '#src/harbor/paging';
import { id, time } from '#src/harbor/params';
import { type RouteRecord, route } from '#src/route';

const group = z
  .object({ id: z.int(), name: z.string(), creation_time: time, update_time: time })
  .meta({ id: 'LocalGroup' });

const groupRequest = z.object({ name: z.string().min(1).max(255) });
const groupParams = z.object({ group_id: id });

export const listLocalGroups = route({
  operationId: 'listLocalGroups',
  method: 'GET',
  path: '/api/entrepot/v1/groups',
  tag: 'group',
  permission: 'user-group:list',
  at: 'system',
  summary: 'List the groups that are kept by hand.',
  query: z.object({
    ...pageQuery,
    name: z.string().max(255).optional().meta({ description: 'A part of the name is enough.' }),
  }),
  responses: { 200: z.array(group), ...signedIn, 400: harborErrors },
});

export const createLocalGroup = route({
  operationId: 'createLocalGroup',
  method: 'POST',
  path: '/api/entrepot/v1/groups',
  tag: 'group',
  permission: 'user-group:create',
  at: 'system',
  summary: 'Make a group that is kept by hand.',
  body: groupRequest,
  responses: { 201: null, ...signedIn, 400: harborErrors, 409: harborErrors },
});

export const getLocalGroup = route({
  operationId: 'getLocalGroup',
  method: 'GET',
  path: '/api/entrepot/v1/groups/{group_id}',
  tag: 'group',
  permission: 'user-group:read',
  at: 'system',
  summary: 'Read a group that is kept by hand.',
  params: groupParams,
  responses: { 200: group, ...onOne },
});

export const updateLocalGroup = route({
  operationId: 'updateLocalGroup',
  method: 'PUT',
  path: '/api/entrepot/v1/groups/{group_id}',
  tag: 'group',
  permission: 'user-group:update',
  at: 'system',
  summary: 'Rename a group that is kept by hand.',
  params: groupParams,
  body: groupRequest,
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const deleteLocalGroup = route({
  operationId: 'deleteLocalGroup',
  method: 'DELETE',
  path: '/api/entrepot/v1/groups/{group_id}',
  tag: 'group',
  permission: 'user-group:delete',
  at: 'system',
  summary: 'Remove a group that is kept by hand, with the roles it has.',
  params: groupParams,
  responses: { 200: null, ...onOne },
});

export const listLocalGroupMembers = route({
  operationId: 'listLocalGroupMembers',
  method: 'GET',
  path: '/api/entrepot/v1/groups/{group_id}/members',
  tag: 'group',
  permission: 'user-group:read',
  at: 'system',
  summary: 'List who is in a group that is kept by hand.',
  params: groupParams,
  query: z.object(pageQuery),
  responses: { 200: z.array(z.object({ user_id: z.int(), username: z.string() })), ...onOne },
});

export const addLocalGroupMember = route({
  operationId: 'addLocalGroupMember',
  method: 'POST',
  path: '/api/entrepot/v1/groups/{group_id}/members',
  tag: 'group',
  permission: 'user-group:update',
  at: 'system',
  summary: 'Put a user into a group; where the group has roles, only administrators may.',
  params: groupParams,
  body: z.object({ user_id: id.nullish(), username: z.string().max(255).nullish() }).meta({
    description: 'The user by id or by name.',
  }),
  responses: { 201: null, ...onOne, 409: harborErrors },
});

export const removeLocalGroupMember = route({
  operationId: 'removeLocalGroupMember',
  method: 'DELETE',
  path: '/api/entrepot/v1/groups/{group_id}/members/{user_id}',
  tag: 'group',
  permission: 'user-group:update',
  at: 'system',
  summary: 'Take a user out of a group.',
  params: z.object({ group_id: id, user_id: id }),
  responses: { 200: null, ...onOne },
});

export const groupRecords: readonly RouteRecord[] = [
  listLocalGroups,
  createLocalGroup,
  getLocalGroup,
  updateLocalGroup,
  deleteLocalGroup,
  listLocalGroupMembers,
  addLocalGroupMember,
  removeLocalGroupMember,
];
