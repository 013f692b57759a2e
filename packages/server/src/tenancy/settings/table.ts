/**
 * Harbor's settings that can be changed while the registry runs, with the values they have until somebody does.
 * Those of sign-in methods that Entrepot does not have (UAA, auth proxy) are there because clients expect them; they
 * keep their values.
 */
export const defaults = {
  auth_mode: 'db_auth',
  primary_auth_mode: false,
  ldap_url: '',
  ldap_search_dn: '',
  ldap_search_password: '',
  ldap_base_dn: '',
  ldap_filter: '',
  ldap_uid: 'cn',
  ldap_scope: 2,
  ldap_timeout: 5,
  ldap_verify_cert: true,
  ldap_group_base_dn: '',
  ldap_group_search_filter: '',
  ldap_group_attribute_name: '',
  ldap_group_search_scope: 2,
  ldap_group_admin_dn: '',
  ldap_group_membership_attribute: 'memberof',
  ldap_group_attach_parallel: false,
  oidc_name: '',
  oidc_endpoint: '',
  oidc_client_id: '',
  oidc_client_secret: '',
  oidc_groups_claim: '',
  oidc_admin_group: '',
  oidc_group_filter: '',
  oidc_scope: 'openid',
  oidc_user_claim: '',
  oidc_verify_cert: true,
  oidc_auto_onboard: false,
  oidc_extra_redirect_parms: '{}',
  oidc_logout: false,
  uaa_client_id: '',
  uaa_client_secret: '',
  uaa_endpoint: '',
  uaa_verify_cert: false,
  http_authproxy_endpoint: '',
  http_authproxy_tokenreview_endpoint: '',
  http_authproxy_admin_groups: '',
  http_authproxy_admin_usernames: '',
  http_authproxy_verify_cert: true,
  http_authproxy_skip_search: false,
  http_authproxy_server_certificate: '',
  project_creation_restriction: 'everyone',
  read_only: false,
  self_registration: false,
  token_expiration: 30,
  robot_token_duration: 30,
  robot_name_prefix: 'robot$',
  notification_enable: true,
  quota_per_project_enable: true,
  storage_per_project: -1,
  count_per_project: -1,
  audit_log_forward_endpoint: '',
  skip_audit_log_database: false,
  disabled_audit_log_event_types: '',
  scanner_skip_update_pulltime: false,
  session_timeout: 60,
  banner_message: '',
};

export type Settings = Readonly<{
  [K in keyof typeof defaults]: (typeof defaults)[K] extends boolean
    ? boolean
    : (typeof defaults)[K] extends number
      ? number
      : string;
}>;

export type SettingName = keyof Settings;

/** Sealed in the database, and never answered with. */
export const secretSettings: ReadonlySet<SettingName> = new Set<SettingName>([
  'ldap_search_password',
  'oidc_client_secret',
  'uaa_client_secret',
]);

/** What sign-in methods that are not here would need. */
export const isUnsupported = (name: string): boolean => /^(?:uaa|http_authproxy)_/.test(name);

export const settingNames = Object.keys(defaults) as SettingName[];
