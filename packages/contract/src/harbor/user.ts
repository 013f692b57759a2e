import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { listQuery, pageQuery } from './paging.ts';
import { id, time } from './params.ts';
import { permission } from './permission.ts';

const user = z
  .object({
    email: z.string().optional(),
    realname: z.string().optional(),
    comment: z.string().optional(),
    user_id: z.int().optional(),
    username: z.string().optional(),
    sysadmin_flag: z.boolean(),
    admin_role_in_auth: z
      .boolean()
      .meta({ description: 'Administrator because the directory or the OpenID provider says so.' }),
    oidc_user_meta: z
      .object({
        id: z.int().optional(),
        user_id: z.int().optional(),
        subiss: z.string().optional(),
        secret: z.string().optional().meta({
          description: 'The secret for command lines: only for the user himself, and only where it is kept readable.',
        }),
        creation_time: time.optional(),
        update_time: time.optional(),
      })
      .optional(),
    creation_time: time.optional(),
    update_time: time.optional(),
  })
  .meta({ id: 'UserResp' });

const profile = {
  email: z.string().max(255).nullish(),
  realname: z.string().max(255).nullish(),
  comment: z.string().max(255).nullish(),
};

const password = z.string().min(1).max(128);

const userParams = z.object({ user_id: id });

export const listUsers = route({
  operationId: 'listUsers',
  method: 'GET',
  path: '/api/v2.0/users',
  tag: 'user',
  permission: 'user:list',
  at: 'system',
  summary: 'List the users.',
  query: z.object({
    ...listQuery,
    // Two older parameters that clients still send.
    username: z.string().max(255).optional().meta({ description: 'A part is enough.' }),
    email: z.string().max(255).optional().meta({ description: 'A part is enough.' }),
  }),
  responses: { 200: z.array(user.omit({ oidc_user_meta: true })), ...signedIn, 400: harborErrors },
});

export const createUser = route({
  operationId: 'createUser',
  method: 'POST',
  path: '/api/v2.0/users',
  tag: 'user',
  // Where the settings let people register, everybody may; otherwise the handler asks for user:create.
  permission: 'public',
  summary: 'Create a local user; everybody may create his own where the settings let people register.',
  // Whether he is an administrator is nothing that a new user brings along.
  body: z.object({ ...profile, username: z.string().min(1).max(255), password }),
  responses: { 201: null, ...onOne, 409: harborErrors },
});

export const getCurrentUserInfo = route({
  operationId: 'getCurrentUserInfo',
  method: 'GET',
  path: '/api/v2.0/users/current',
  tag: 'user',
  permission: 'authenticated',
  summary: 'Read who the caller is; 412 where it is no person.',
  responses: { 200: user, ...signedIn, 412: harborErrors },
});

export const searchUsers = route({
  operationId: 'searchUsers',
  method: 'GET',
  path: '/api/v2.0/users/search',
  tag: 'user',
  permission: 'authenticated',
  summary: 'Find users by a part of their name.',
  query: z.object({ ...pageQuery, username: z.string().max(255).default('') }),
  responses: {
    200: z.array(z.object({ user_id: z.int().optional(), username: z.string().optional() })),
    ...signedIn,
    400: harborErrors,
  },
});

export const getUser = route({
  operationId: 'getUser',
  method: 'GET',
  path: '/api/v2.0/users/{user_id}',
  tag: 'user',
  permission: 'user:read',
  at: 'object',
  summary: 'Read a user; everybody may read himself.',
  params: userParams,
  responses: { 200: user, ...onOne },
});

export const updateUserProfile = route({
  operationId: 'updateUserProfile',
  method: 'PUT',
  path: '/api/v2.0/users/{user_id}',
  tag: 'user',
  permission: 'user:update',
  at: 'object',
  summary: 'Change the profile of a user; everybody may change his own.',
  params: userParams,
  body: z.object(profile),
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const deleteUser = route({
  operationId: 'deleteUser',
  method: 'DELETE',
  path: '/api/v2.0/users/{user_id}',
  tag: 'user',
  permission: 'user:delete',
  at: 'system',
  summary: 'Delete a user, but neither oneself nor the first administrator.',
  params: userParams,
  responses: { 200: null, ...onOne },
});

export const setUserSysAdmin = route({
  operationId: 'setUserSysAdmin',
  method: 'PUT',
  path: '/api/v2.0/users/{user_id}/sysadmin',
  tag: 'user',
  permission: 'user:update',
  at: 'system',
  summary: 'Make a user an administrator of the registry, or no longer one.',
  params: userParams,
  // Clients written in Go leave a false out: absent is false.
  body: z.object({ sysadmin_flag: z.boolean().nullish() }),
  responses: { 200: null, ...onOne },
});

export const updateUserPassword = route({
  operationId: 'updateUserPassword',
  method: 'PUT',
  path: '/api/v2.0/users/{user_id}/password',
  tag: 'user',
  permission: 'user:update',
  at: 'object',
  summary: 'Change a password; for his own, everybody needs the one he has.',
  params: userParams,
  body: z.object({ old_password: z.string().max(128).nullish(), new_password: password }),
  responses: { 200: null, ...onOne },
});

export const getCurrentUserPermissions = route({
  operationId: 'getCurrentUserPermissions',
  method: 'GET',
  path: '/api/v2.0/users/current/permissions',
  tag: 'user',
  permission: 'authenticated',
  summary: 'List what the caller may do in a scope, such as /project/1.',
  query: z.object({
    scope: z.string().max(255).optional(),
    relative: z.boolean().default(false).meta({ description: 'Whether the resources are named without the scope.' }),
  }),
  responses: { 200: z.array(permission), ...signedIn, 400: harborErrors },
});

export const setCliSecret = route({
  operationId: 'setCliSecret',
  method: 'PUT',
  path: '/api/v2.0/users/{user_id}/cli_secret',
  tag: 'user',
  permission: 'user:update',
  at: 'object',
  summary: 'Set the secret that a user of an OpenID provider signs in with on the command line.',
  params: userParams,
  body: z
    .object({ secret: z.string().max(128).nullish() })
    .meta({ description: 'Without one the registry draws one.' }),
  responses: { 200: null, ...onOne, 412: harborErrors },
});

export const userRecords: readonly RouteRecord[] = [
  listUsers,
  createUser,
  getCurrentUserInfo,
  searchUsers,
  getUser,
  updateUserProfile,
  deleteUser,
  setUserSysAdmin,
  updateUserPassword,
  getCurrentUserPermissions,
  setCliSecret,
];
