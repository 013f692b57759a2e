import type { Generated } from 'kysely';

/** Times are milliseconds since the Unix epoch, flags are 0 or 1, on both databases. */
export interface UserTable {
  id: Generated<number>;
  name: string;
  email: string | null;
  realname: Generated<string>;
  comment: Generated<string>;
  /** `local`, `ldap` or `oidc`. */
  source: Generated<string>;
  /** A hash; empty for accounts that sign in elsewhere. */
  password: string;
  password_changed_at: Generated<number>;
  admin: number;
  /** Whether the place it signs in at says that it is an administrator. */
  admin_in_auth: Generated<number>;
  disabled: number;
  /** Goes up when everything issued to the user so far must stop working. */
  generation: Generated<number>;
  created_at: number;
  updated_at: number;
}

/** Passwords that an account had before, where the registry is to remember them. */
export interface PasswordHistoryTable {
  id: Generated<number>;
  user_id: number;
  /** A hash. */
  password: string;
}

export interface UserGroupTable {
  id: Generated<number>;
  name: string;
  /** 1 LDAP, 2 HTTP, 3 OIDC as in Harbor; 4 kept by hand. */
  type: number;
  ldap_dn: Generated<string>;
  created_at: number;
  updated_at: number;
}

export interface UserGroupMemberTable {
  group_id: number;
  user_id: number;
  /** Who says so: `local`, `ldap` or `oidc`. What a directory said is replaced at the next sign-in. */
  source: string;
}

/** A role beyond Harbor's five; its id is above 1000. */
export interface RoleTable {
  id: Generated<number>;
  name: string;
  level: 'project' | 'system';
  description: Generated<string>;
  /** JSON: an array of permissions. */
  permissions: string;
  created_at: number;
  updated_at: number;
}

export interface MemberTable {
  id: Generated<number>;
  project_id: number;
  /** `u` a user, `g` a group, as in Harbor. */
  entity_type: 'u' | 'g';
  entity_id: number;
  role_id: number;
  created_at: number;
}

/** A role in those repositories of a project whose names a pattern matches. */
export interface RepositoryMemberTable extends MemberTable {
  /** Of the name behind the project's. */
  pattern: string;
}

/** A role in the whole registry. */
export interface SystemMemberTable {
  id: Generated<number>;
  role_id: number;
  entity_type: 'u' | 'g';
  entity_id: number;
  created_at: number;
}

export interface ProjectMetadataTable {
  project_id: number;
  name: string;
  value: string;
}

export interface CveAllowlistTable {
  /** 0 for the registry's own. */
  project_id: number;
  expires_at: number | null;
  /** JSON: an array of ids. */
  items: string;
  created_at: number;
  updated_at: number;
}

export interface PeopleTables {
  user_account: UserTable;
  password_history: PasswordHistoryTable;
  user_group: UserGroupTable;
  user_group_member: UserGroupMemberTable;
  role: RoleTable;
  member: MemberTable;
  repository_member: RepositoryMemberTable;
  system_member: SystemMemberTable;
  project_metadata: ProjectMetadataTable;
  cve_allowlist: CveAllowlistTable;
}
