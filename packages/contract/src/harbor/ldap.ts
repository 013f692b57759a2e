import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { userGroup } from './user-group.ts';

/** What is left out comes from the settings. */
const ldapSettings = z
  .object({
    ldap_url: z.string().max(2048).nullish(),
    ldap_search_dn: z.string().max(1024).nullish(),
    ldap_search_password: z.string().max(1024).nullish(),
    ldap_base_dn: z.string().max(1024).nullish(),
    ldap_filter: z.string().max(1024).nullish(),
    ldap_uid: z.string().max(255).nullish(),
    ldap_scope: z.literal([0, 1, 2]).nullish(),
    ldap_connection_timeout: z.int().min(0).max(600).nullish().meta({ description: 'In seconds.' }),
    ldap_verify_cert: z.boolean().nullish(),
  })
  .meta({ id: 'LdapConf' });

export const pingLdap = route({
  operationId: 'pingLdap',
  method: 'POST',
  path: '/api/v2.0/ldap/ping',
  tag: 'Ldap',
  // Harbor asks for reading only; but this makes the registry connect to where the caller says.
  permission: 'configuration:update',
  at: 'system',
  summary: 'Try to reach a directory with the given settings, or with those in force.',
  body: ldapSettings.optional(),
  bodyOptional: true,
  responses: {
    200: z.object({ success: z.boolean().optional(), message: z.string().optional() }),
    ...signedIn,
    400: harborErrors,
    412: harborErrors,
  },
});

export const searchLdapUser = route({
  operationId: 'searchLdapUser',
  method: 'GET',
  path: '/api/v2.0/ldap/users/search',
  tag: 'Ldap',
  permission: 'ldap-user:list',
  at: 'system',
  summary: 'Find users in the directory.',
  query: z.object({ username: z.string().max(255).optional() }),
  responses: {
    200: z.array(
      z.object({
        username: z.string().optional(),
        realname: z.string().optional(),
        email: z.string().optional(),
      }),
    ),
    ...signedIn,
    400: harborErrors,
    412: harborErrors,
  },
});

export const importLdapUser = route({
  operationId: 'importLdapUser',
  method: 'POST',
  path: '/api/v2.0/ldap/users/import',
  tag: 'Ldap',
  permission: 'ldap-user:create',
  at: 'system',
  summary: 'Make users of the directory known; 404 tells which of them could not be.',
  body: z.object({ ldap_uid_list: z.array(z.string().min(1).max(255)).max(1000) }),
  responses: {
    200: null,
    ...signedIn,
    400: harborErrors,
    412: harborErrors,
    404: z.union([z.array(z.object({ uid: z.string().optional(), error: z.string().optional() })), harborErrors]),
  },
});

export const searchLdapGroup = route({
  operationId: 'searchLdapGroup',
  method: 'GET',
  path: '/api/v2.0/ldap/groups/search',
  tag: 'Ldap',
  permission: 'ldap-user:list',
  at: 'system',
  summary: 'Find groups in the directory, by name or by distinguished name.',
  query: z.object({ groupname: z.string().max(255).optional(), groupdn: z.string().max(512).optional() }),
  responses: { 200: z.array(userGroup), ...onOne, 412: harborErrors },
});

export const ldapRecords: readonly RouteRecord[] = [pingLdap, searchLdapUser, importLdapUser, searchLdapGroup];
