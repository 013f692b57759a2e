/** An account as people see it. */
export interface UserDetail {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly realname: string;
  readonly comment: string;
  /** Where it is known from: `local`, `ldap` or `oidc`. */
  readonly source: string;
  /** Made an administrator here. */
  readonly admin: boolean;
  /** Called an administrator by the place it is known from. */
  readonly adminInAuth: boolean;
  readonly disabled: boolean;
  readonly passwordChangedAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What people write about themselves; an absent field stays as it is. */
export interface Profile {
  readonly email?: string | undefined;
  readonly realname?: string | undefined;
  readonly comment?: string | undefined;
}
