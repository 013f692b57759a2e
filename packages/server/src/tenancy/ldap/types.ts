/** How deep a search goes, as Harbor numbers it: the base itself, right below it, everything below it. */
export type LdapScope = 0 | 1 | 2;

/** Where people are looked up. Harbor's `ldap_*` settings in our words. */
export interface LdapSettings {
  /** `ldap_url`: one or several, divided by white space or commas; `ldap`, `ldaps` or `ldap+starttls`. */
  readonly url: string;
  /** `ldap_search_dn`; empty to search as nobody. */
  readonly searchDn: string;
  readonly searchPassword: string;
  readonly baseDn: string;
  /** `ldap_filter`: who may sign in, as an LDAP filter; empty for everybody found. */
  readonly filter: string;
  /** `ldap_uid`: the attribute that holds the name people sign in with. */
  readonly uid: string;
  readonly scope: LdapScope;
  /** `ldap_timeout`, for a connection and for each answer. */
  readonly timeoutSeconds: number;
  readonly verifyCertificate: boolean;
  /** Certificates in PEM that are trusted beside those that Node trusts. */
  readonly ca?: string | undefined;
  readonly groups: LdapGroupSettings;
}

/** Harbor's `ldap_group_*` settings. Without a base there are no groups, but for that of the administrators. */
export interface LdapGroupSettings {
  readonly baseDn: string;
  /** What is a group, as an LDAP filter; empty for every entry below the base. */
  readonly filter: string;
  /** The attribute that holds a group's name. */
  readonly nameAttribute: string;
  readonly scope: LdapScope;
  /** `ldap_group_admin_dn`: its members administer the registry. */
  readonly adminDn: string;
  /** The attribute of a person that names groups, `memberof` with most servers. */
  readonly membershipAttribute: string;
  /** `ldap_group_attach_parallel`: look several groups up at once. */
  readonly parallel: boolean;
}

export interface LdapGroup {
  /** In the one spelling that groups are kept by. */
  readonly dn: string;
  readonly name: string;
}

/** Somebody the directory knows. */
export interface LdapUser {
  readonly dn: string;
  /** As the directory spells it. */
  readonly uid: string;
  readonly realname: string;
  readonly email: string;
}

/** Somebody who showed the right password. */
export interface LdapPerson extends LdapUser {
  /** Those he is in himself, and those that one of his is in. */
  readonly groups: readonly LdapGroup[];
  readonly admin: boolean;
}

/** What a try of the settings gave. */
export interface LdapPing {
  readonly success: boolean;
  readonly message: string;
}
