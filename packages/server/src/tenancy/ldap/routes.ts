import { importLdapUser, pingLdap, searchLdapGroup, searchLdapUser } from '@entrepot/contract/harbor/ldap';
import { RegistryError } from '#kernel/errors';
import { normalizeDn } from '#platform/directory';
import { type ManagedRoute, serve } from '#platform/http/management';
import type { Onboarding } from '#tenancy/onboarding';
import { createImportUsers } from './import-users.ts';
import type { Ldap } from './service.ts';
import type { LdapGroup } from './types.ts';

export interface LdapRoutesDeps {
  readonly ldap: Ldap;
  readonly onboarding: Onboarding;
}

/** Harbor's number for groups of a directory. */
const ldapGroupType = 1;

const showGroup = ({ name, dn }: LdapGroup) => ({ group_name: name, group_type: ldapGroupType, ldap_group_dn: dn });

/** Null and absence say the same; clients of Harbor send an empty password for the one that is kept. */
const given = <T>(value: T | null | undefined): T | undefined => value ?? undefined;

export function ldapRoutes({ ldap, onboarding }: LdapRoutesDeps): ManagedRoute[] {
  const importUsers = createImportUsers({ ldap, onboarding });

  async function findOne(dn: string): Promise<readonly LdapGroup[]> {
    if (normalizeDn(dn) === undefined) {
      throw new RegistryError(
        'query-invalid',
        'groupdn: expected a distinguished name, such as cn=dev,dc=example,dc=org.',
      );
    }
    const group = await ldap.findGroup(dn);
    if (group === undefined) throw new RegistryError('object-not-found', `LDAP has no group ${dn}.`);
    return [group];
  }

  return [
    serve(pingLdap, async ({ body }) => {
      const told = await ldap.ping({
        url: given(body?.ldap_url),
        searchDn: given(body?.ldap_search_dn),
        searchPassword: given(body?.ldap_search_password) || undefined,
        baseDn: given(body?.ldap_base_dn),
        filter: given(body?.ldap_filter),
        uid: given(body?.ldap_uid),
        scope: given(body?.ldap_scope),
        timeoutSeconds: given(body?.ldap_connection_timeout),
        verifyCertificate: given(body?.ldap_verify_cert),
      });
      return { status: 200, body: told };
    }),
    serve(searchLdapUser, async ({ query }) => {
      const users = await ldap.searchUsers(query.username ?? '');
      return { status: 200, body: users.map(({ uid, realname, email }) => ({ username: uid, realname, email })) };
    }),
    serve(importLdapUser, async ({ asker, body }) => {
      const failed = await importUsers(asker, body.ldap_uid_list);
      return failed.length === 0 ? { status: 200 } : { status: 404, body: failed };
    }),
    serve(searchLdapGroup, async ({ query }) => {
      const { groupdn: dn, groupname: name = '' } = query;
      const groups = dn === undefined ? await ldap.searchGroups(name) : await findOne(dn);
      return { status: 200, body: groups.map(showGroup) };
    }),
  ];
}
