import type { Permission } from '@entrepot/contract/permissions';
import type { Eventually } from '#kernel/eventually';

/** A project as far as decisions and names need it. */
export interface Project {
  readonly id: number;
  readonly name: string;
  readonly public: boolean;
}

/** Where projects are found. */
export interface ProjectLookup {
  find(name: string): Eventually<Project | undefined>;
}

/** A role that an account has somewhere, as it is stored. */
export interface RoleGiven {
  readonly roleId: number;
  /** Of a role that is not one of Harbor's five. */
  readonly roleName: string | undefined;
  readonly permissions: readonly Permission[] | undefined;
  /** The group through which the account has it; none when it is its own. */
  readonly group: string | undefined;
  /** The repositories it is for, as a pattern behind the project's name; none when it is for the project. */
  readonly pattern: string | undefined;
}

/** Where the roles of people are found. */
export interface RoleLookup {
  /** In the project and in its repositories, through groups as well. */
  inProject(projectId: number, userId: number): Eventually<readonly RoleGiven[]>;
  /** In the whole registry. */
  inSystem(userId: number): Eventually<readonly RoleGiven[]>;
  /** Projects in which the user has a role that shows the project, through groups as well. */
  projectsOf(userId: number): Promise<readonly number[]>;
}

/** One reason why something is allowed. */
export interface Rule {
  /** For humans: which role, through what. */
  readonly source: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Whether it reaches a repository, by its name behind the project's; absent when it reaches all there is. */
  readonly reaches?: (repository: string) => boolean;
}

export interface Decision {
  readonly allowed: boolean;
  /** The rule that allows it; without one, nothing does. */
  readonly rule: string | undefined;
  /** Everything that was looked at. */
  readonly considered: readonly { readonly source: string; readonly allows: boolean }[];
}
