/** A role that somebody has in the whole registry, or in some repositories of a project. */
export interface Assignment {
  readonly id: number;
  readonly entityType: 'u' | 'g';
  readonly entityId: number;
  readonly entityName: string;
  readonly roleId: number;
  readonly roleName: string;
}

export interface RepositoryAssignment extends Assignment {
  /** Of names behind the project's. */
  readonly pattern: string;
}

export interface PageAsked {
  readonly page: number;
  readonly pageSize: number;
}
