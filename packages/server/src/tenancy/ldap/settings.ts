import type { LdapScope, LdapSettings } from './types.ts';

/** Harbor's settings of LDAP, under its own names. */
export interface LdapConfigurations {
  readonly auth_mode: string;
  readonly ldap_url: string;
  readonly ldap_search_dn: string;
  readonly ldap_search_password: string;
  readonly ldap_base_dn: string;
  readonly ldap_filter: string;
  readonly ldap_uid: string;
  readonly ldap_scope: number;
  readonly ldap_timeout: number;
  readonly ldap_verify_cert: boolean;
  readonly ldap_group_base_dn: string;
  readonly ldap_group_search_filter: string;
  readonly ldap_group_attribute_name: string;
  readonly ldap_group_search_scope: number;
  readonly ldap_group_admin_dn: string;
  readonly ldap_group_membership_attribute: string;
  readonly ldap_group_attach_parallel: boolean;
}

const scopeOf = (scope: number): LdapScope => (scope === 0 || scope === 1 ? scope : 2);

/** Harbor's settings in our words; undefined while people sign in otherwise. `ca` is a certificate the operator trusts, in PEM. */
export function toLdapSettings(values: LdapConfigurations, ca?: string): LdapSettings | undefined {
  if (values.auth_mode !== 'ldap_auth') return undefined;
  return {
    url: values.ldap_url,
    searchDn: values.ldap_search_dn,
    searchPassword: values.ldap_search_password,
    baseDn: values.ldap_base_dn,
    filter: values.ldap_filter,
    uid: values.ldap_uid || 'cn',
    scope: scopeOf(values.ldap_scope),
    timeoutSeconds: values.ldap_timeout,
    verifyCertificate: values.ldap_verify_cert,
    ca,
    groups: {
      baseDn: values.ldap_group_base_dn,
      filter: values.ldap_group_search_filter,
      nameAttribute: values.ldap_group_attribute_name,
      scope: scopeOf(values.ldap_group_search_scope),
      adminDn: values.ldap_group_admin_dn,
      membershipAttribute: values.ldap_group_membership_attribute,
      parallel: values.ldap_group_attach_parallel,
    },
  };
}
