import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, signedIn } from './errors.ts';

const text = z.object({ value: z.string(), editable: z.boolean() }).optional();
const flag = z.object({ value: z.boolean(), editable: z.boolean() }).optional();
const figure = z.object({ value: z.int(), editable: z.boolean() }).optional();

/** Secrets are not among them, but for that of UAA, which Harbor names and which is always empty here. */
const configurationsResponse = z
  .object({
    auth_mode: text,
    primary_auth_mode: flag,
    ldap_base_dn: text,
    ldap_filter: text,
    ldap_group_base_dn: text,
    ldap_group_admin_dn: text,
    ldap_group_attribute_name: text,
    ldap_group_search_filter: text,
    ldap_group_search_scope: figure,
    ldap_group_attach_parallel: flag,
    ldap_scope: figure,
    ldap_search_dn: text,
    ldap_timeout: figure,
    ldap_uid: text,
    ldap_url: text,
    ldap_verify_cert: flag,
    ldap_group_membership_attribute: text,
    project_creation_restriction: text,
    read_only: flag,
    self_registration: flag,
    token_expiration: figure,
    uaa_client_id: text,
    uaa_client_secret: z.object({ value: z.literal(''), editable: z.boolean() }).optional(),
    uaa_endpoint: text,
    uaa_verify_cert: flag,
    http_authproxy_endpoint: text,
    http_authproxy_tokenreview_endpoint: text,
    http_authproxy_admin_groups: text,
    http_authproxy_admin_usernames: text,
    http_authproxy_verify_cert: flag,
    http_authproxy_skip_search: flag,
    http_authproxy_server_certificate: text,
    oidc_name: text,
    oidc_endpoint: text,
    oidc_client_id: text,
    oidc_groups_claim: text,
    oidc_admin_group: text,
    oidc_group_filter: text,
    oidc_scope: text,
    oidc_user_claim: text,
    oidc_verify_cert: flag,
    oidc_auto_onboard: flag,
    oidc_extra_redirect_parms: text,
    oidc_logout: flag,
    robot_token_duration: figure,
    robot_name_prefix: text,
    notification_enable: flag,
    quota_per_project_enable: flag,
    storage_per_project: figure,
    count_per_project: figure,
    audit_log_forward_endpoint: text,
    skip_audit_log_database: flag,
    scanner_skip_update_pulltime: flag,
    scan_all_policy: z.record(z.string(), z.unknown()).optional(),
    session_timeout: figure,
    banner_message: text,
    disabled_audit_log_event_types: text,
  })
  .meta({ id: 'ConfigurationsResponse' });

const given = z.string().max(1024).nullish();
const url = z.string().max(2048).nullish();
const turned = z.boolean().nullish();
const count = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)
  .nullish();
/** 0 the object itself, 1 what is right below it, 2 the whole tree. */
const searchScope = z.literal([0, 1, 2]).nullish();

/** Absent and null leave a setting as it is: clients send null for what they do not know. */
const configurationsRequest = z
  .object({
    auth_mode: z.enum(['db_auth', 'ldap_auth', 'uaa_auth', 'http_auth', 'oidc_auth']).nullish(),
    primary_auth_mode: turned,
    ldap_base_dn: given,
    ldap_filter: given,
    ldap_group_base_dn: given,
    ldap_group_admin_dn: given,
    ldap_group_attribute_name: given,
    ldap_group_search_filter: given,
    ldap_group_search_scope: searchScope,
    ldap_group_attach_parallel: turned,
    ldap_scope: searchScope,
    ldap_search_dn: given,
    ldap_search_password: given,
    ldap_timeout: count.meta({ description: 'In seconds.' }),
    ldap_uid: given,
    ldap_url: url,
    ldap_verify_cert: turned,
    ldap_group_membership_attribute: given,
    project_creation_restriction: z.enum(['everyone', 'adminonly']).nullish(),
    read_only: turned,
    self_registration: turned,
    token_expiration: count.meta({ description: 'In minutes.' }),
    uaa_client_id: given,
    uaa_client_secret: given,
    uaa_endpoint: url,
    uaa_verify_cert: turned,
    http_authproxy_endpoint: url,
    http_authproxy_tokenreview_endpoint: url,
    http_authproxy_admin_groups: given,
    http_authproxy_admin_usernames: given,
    http_authproxy_verify_cert: turned,
    http_authproxy_skip_search: turned,
    http_authproxy_server_certificate: z.string().max(65_536).nullish(),
    oidc_name: given,
    oidc_endpoint: url,
    oidc_client_id: given,
    oidc_client_secret: given,
    oidc_groups_claim: given,
    oidc_admin_group: given,
    oidc_group_filter: given,
    oidc_scope: given,
    oidc_user_claim: given,
    oidc_verify_cert: turned,
    oidc_auto_onboard: turned,
    oidc_extra_redirect_parms: z
      .string()
      .max(4096)
      .nullish()
      .meta({ description: 'An object of strings, as JSON text.' }),
    oidc_logout: turned,
    robot_token_duration: z
      .int()
      .min(-1)
      .max(2 ** 31 - 2)
      .nullish()
      .meta({ description: 'In days; -1 for ever.' }),
    robot_name_prefix: z.string().max(64).nullish(),
    notification_enable: turned,
    quota_per_project_enable: turned,
    storage_per_project: z.int().min(-1).nullish().meta({ description: 'In bytes; -1 for no limit.' }),
    count_per_project: z.int().min(-1).nullish().meta({ description: 'Artifacts; -1 for no limit.' }),
    audit_log_forward_endpoint: url,
    skip_audit_log_database: turned,
    session_timeout: count.meta({ description: 'In minutes.' }),
    scanner_skip_update_pulltime: turned,
    banner_message: z.string().max(8192).nullish().meta({
      description: 'JSON text: the message, its type, whether it can be closed, and from when until when it is shown.',
    }),
    disabled_audit_log_event_types: z
      .string()
      .max(4096)
      .nullish()
      .meta({ description: 'Event types, divided by commas.' }),
  })
  .meta({ id: 'Configurations' });

export const getInternalconfig = route({
  operationId: 'getInternalconfig',
  method: 'GET',
  path: '/api/v2.0/internalconfig',
  tag: 'configure',
  permission: 'configuration:read',
  at: 'system',
  summary: 'Read the settings as the components of Harbor do; without secrets.',
  responses: {
    200: z.record(z.string(), z.object({ value: z.unknown().optional(), editable: z.boolean() })),
    ...signedIn,
  },
});

export const getConfigurations = route({
  operationId: 'getConfigurations',
  method: 'GET',
  path: '/api/v2.0/configurations',
  tag: 'configure',
  permission: 'configuration:read',
  at: 'system',
  summary: 'Read the settings, and which of them can be changed here.',
  responses: { 200: configurationsResponse, ...signedIn },
});

export const updateConfigurations = route({
  operationId: 'updateConfigurations',
  method: 'PUT',
  path: '/api/v2.0/configurations',
  tag: 'configure',
  permission: 'configuration:update',
  at: 'system',
  summary: 'Change settings; those that the body does not name stay.',
  body: configurationsRequest,
  responses: { 200: null, ...signedIn, 400: harborErrors, 422: harborErrors },
});

export const configureRecords: readonly RouteRecord[] = [getInternalconfig, getConfigurations, updateConfigurations];
