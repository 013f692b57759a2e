/** Where people are known from who are not known here alone. */
export type AccountSource = 'ldap' | 'oidc';

export interface ExternalGroup {
  readonly name: string;
  /** In its one spelling; empty for groups that have a name only. */
  readonly dn: string;
}

/** Somebody as the place he signs in at describes him. */
export interface ExternalPerson {
  readonly source: AccountSource;
  /** The name of the account. */
  readonly name: string;
  readonly realname: string;
  readonly email: string;
  /** Whether that place says that he administers the registry. */
  readonly admin: boolean;
  readonly groups: readonly ExternalGroup[];
}

/** What is kept of somebody. */
export interface ExternalAccount {
  readonly id: number;
  readonly name: string;
  /** `local` for those whose password is ours. */
  readonly source: string;
  readonly realname: string;
  readonly email: string;
  /** Made an administrator here. */
  readonly admin: boolean;
  /** Called an administrator by the place he signs in at. */
  readonly adminInAuth: boolean;
  readonly disabled: boolean;
  /** The groups that place put him in. */
  readonly groups: readonly (ExternalGroup & { readonly id: number })[];
}
