import type { Permission } from '@entrepot/contract/permissions';

/** Where a robot may do something: a project, every project there is and will be, or the registry itself. */
export type RobotPlace = number | 'every-project' | 'system';

/** What a robot was given in one place. */
export interface RobotPermission {
  readonly place: RobotPlace;
  readonly allow: readonly Permission[];
  /** Taken away again from what is allowed. */
  readonly deny: readonly Permission[];
}

export interface Robot {
  readonly id: number;
  /** As it was given; `fullName` is what it signs in with, behind the prefix. */
  readonly name: string;
  readonly fullName: string;
  readonly projectId: number | undefined;
  readonly description: string;
  readonly permissions: readonly RobotPermission[];
  readonly disabled: boolean;
  /** -1 for ever. */
  readonly durationDays: number;
  /** Milliseconds since 1970; never when undefined. */
  readonly expiresAt: number | undefined;
  /** Networks it may sign in from; everywhere when undefined. */
  readonly addresses: readonly string[] | undefined;
  /** Patterns of repositories it is limited to; none when undefined. */
  readonly repositories: readonly string[] | undefined;
  readonly generation: number;
  readonly creatorType: 'local' | 'robot';
  readonly creatorId: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly lastUsedAt: number | undefined;
}

/** What its secrets are held against. */
export interface RobotSecrets {
  readonly hash: string;
  readonly previousHash: string | undefined;
  readonly previousUntil: number;
}

/** What may be changed of a robot. */
export interface RobotChange {
  readonly description?: string;
  readonly permissions?: readonly RobotPermission[];
  readonly disabled?: boolean;
  readonly durationDays?: number;
  readonly addresses?: readonly string[] | undefined;
  readonly repositories?: readonly string[] | undefined;
}

export interface NewRobot {
  readonly name: string;
  readonly projectId: number | undefined;
  readonly description: string;
  readonly permissions: readonly RobotPermission[];
  readonly disabled: boolean;
  /** -1 for ever; what the settings say when undefined. */
  readonly durationDays: number | undefined;
  readonly addresses?: readonly string[] | undefined;
  readonly repositories?: readonly string[] | undefined;
}
