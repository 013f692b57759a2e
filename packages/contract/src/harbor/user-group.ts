import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { pageQuery } from './paging.ts';
import { id } from './params.ts';

/** 1 of a directory (LDAP), 2 of an authenticating proxy, 3 of an OpenID provider; 0 is what Go sends for nothing. */
const groupType = z.literal([0, 1, 2, 3]);

export const userGroup = z
  .object({
    id: z.int().optional(),
    group_name: z.string().optional(),
    group_type: groupType.optional(),
    ldap_group_dn: z.string().optional(),
  })
  .meta({ id: 'UserGroup' });

const foundGroup = userGroup.omit({ ldap_group_dn: true }).meta({ id: 'UserGroupSearchItem' });

export const userGroupRequest = z.object({
  group_name: z.string().max(255).nullish(),
  group_type: groupType.nullish(),
  ldap_group_dn: z.string().max(512).nullish(),
});

const groupParams = z.object({ group_id: id });

export const listUserGroups = route({
  operationId: 'listUserGroups',
  method: 'GET',
  path: '/api/v2.0/usergroups',
  tag: 'usergroup',
  permission: 'user-group:list',
  at: 'system',
  summary: 'List the user groups.',
  query: z.object({
    ...pageQuery,
    ldap_group_dn: z.string().max(512).optional(),
    group_name: z.string().max(255).optional().meta({ description: 'A part of the name is enough.' }),
  }),
  responses: { 200: z.array(userGroup), ...signedIn, 400: harborErrors },
});

export const createUserGroup = route({
  operationId: 'createUserGroup',
  method: 'POST',
  path: '/api/v2.0/usergroups',
  tag: 'usergroup',
  permission: 'user-group:create',
  at: 'system',
  summary: 'Make a group of the directory or of the OpenID provider known.',
  body: z.object({ ...userGroupRequest.shape, group_name: z.string().min(1).max(255) }),
  responses: { 201: null, ...onOne, 409: harborErrors },
});

export const searchUserGroups = route({
  operationId: 'searchUserGroups',
  method: 'GET',
  path: '/api/v2.0/usergroups/search',
  tag: 'usergroup',
  permission: 'authenticated',
  summary: 'Find user groups by a part of their name.',
  query: z.object({ ...pageQuery, groupname: z.string().min(1).max(255) }),
  responses: { 200: z.array(foundGroup), ...signedIn, 400: harborErrors, 409: harborErrors },
});

export const getUserGroup = route({
  operationId: 'getUserGroup',
  method: 'GET',
  path: '/api/v2.0/usergroups/{group_id}',
  tag: 'usergroup',
  permission: 'user-group:read',
  at: 'system',
  summary: 'Read a user group.',
  params: groupParams,
  responses: { 200: userGroup, ...onOne },
});

export const updateUserGroup = route({
  operationId: 'updateUserGroup',
  method: 'PUT',
  path: '/api/v2.0/usergroups/{group_id}',
  tag: 'usergroup',
  permission: 'user-group:update',
  at: 'system',
  summary: 'Rename a user group; what it stands for stays.',
  params: groupParams,
  // Clients send the whole group; its type and place in the directory cannot be changed.
  body: z.object({ group_name: z.string().min(1).max(255) }),
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const deleteUserGroup = route({
  operationId: 'deleteUserGroup',
  method: 'DELETE',
  path: '/api/v2.0/usergroups/{group_id}',
  tag: 'usergroup',
  permission: 'user-group:delete',
  at: 'system',
  summary: 'Forget a user group and its roles in projects.',
  params: groupParams,
  responses: { 200: null, ...onOne },
});

export const userGroupRecords: readonly RouteRecord[] = [
  listUserGroups,
  createUserGroup,
  searchUserGroups,
  getUserGroup,
  updateUserGroup,
  deleteUserGroup,
];
