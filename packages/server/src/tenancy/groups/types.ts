/** Harbor's numbers for where a group is known from, and ours. */
export const groupTypes = { ldap: 1, http: 2, oidc: 3, local: 4 } as const;

export interface Group {
  readonly id: number;
  readonly name: string;
  /** 1 a directory, 2 an authenticating proxy, 3 an OpenID provider, 4 kept by hand. */
  readonly type: number;
  /** Of a group of a directory; empty otherwise. */
  readonly dn: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What a group is known by. */
export type NewGroup = Pick<Group, 'name' | 'type' | 'dn'>;
