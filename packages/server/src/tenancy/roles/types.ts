import type { Permission } from '@entrepot/contract/permissions';

/** A role of one's own, made of the vocabulary of permissions. */
export interface Role {
  /** Above 1000. */
  readonly id: number;
  readonly name: string;
  /** Given in projects (or repositories of them), or in the whole registry, from where it reaches into every project. */
  readonly level: 'project' | 'system';
  readonly description: string;
  readonly permissions: readonly Permission[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Who is given a role: a user or a group. */
export interface Entity {
  readonly type: 'u' | 'g';
  readonly id: number;
}
