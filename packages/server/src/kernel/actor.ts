import type { Permission } from '@entrepot/contract/permissions';

/** One grant of a bearer token, as the token service signed it. It names the project by id, so a project made anew gets nothing. */
export interface Grant {
  readonly repository: string;
  readonly projectId: number;
  readonly actions: readonly string[];
}

export interface AnonymousActor {
  readonly kind: 'anonymous';
}

/** A person. */
export interface UserActor {
  readonly kind: 'user';
  readonly userId: number;
  readonly name: string;
  readonly admin: boolean;
}

/** What a robot may in one place. */
export interface RobotGrant {
  /** A project's id, every project there is and will be, or the registry itself. */
  readonly place: number | 'every-project' | 'system';
  readonly permissions: ReadonlySet<Permission>;
}

/** An account of a machine: it has exactly what it was given. */
export interface RobotActor {
  readonly kind: 'robot';
  readonly robotId: number;
  /** With its prefix, as `robot$team+builder`. */
  readonly name: string;
  /** The project it belongs to; none for a robot of the registry. */
  readonly projectId: number | undefined;
  readonly grants: readonly RobotGrant[];
  /** Patterns of repository names that it is limited to, whatever it was given; none when absent. */
  readonly repositories?: readonly string[];
  /** Networks it may act from, whatever its token says; everywhere when absent. */
  readonly addresses?: readonly string[];
}

/** Who has rights of their own. */
export type Account = UserActor | RobotActor;

/** The holder of a token of our token service: what it may is what the token says, and no more. */
export interface TokenActor {
  readonly kind: 'token';
  readonly account: AnonymousActor | Account;
  readonly grants: readonly Grant[];
  /** Whether the token grants `registry:catalog:*`. */
  readonly catalog: boolean;
}

export type Actor = AnonymousActor | Account | TokenActor;

export const anonymous: AnonymousActor = { kind: 'anonymous' };

/** Who stands behind the actor, whatever the token in its hand was narrowed to. */
export function accountOf(actor: Actor): AnonymousActor | Account {
  return actor.kind === 'token' ? actor.account : actor;
}

/** The name that logs and audit rows show. */
export function actorName(actor: Actor): string {
  const account = accountOf(actor);
  return account.kind === 'anonymous' ? 'anonymous' : account.name;
}

/** The person behind the actor, when it is one. */
export function userIdOf(actor: Actor): number | undefined {
  const account = accountOf(actor);
  return account.kind === 'user' ? account.userId : undefined;
}

/** Whether the account behind the actor administers the registry. */
export function isAdmin(actor: Actor): boolean {
  const account = accountOf(actor);
  return account.kind === 'user' && account.admin;
}

/** Who asks, from where, in which request: what every audited change knows. */
export interface Asker {
  readonly actor: Actor;
  readonly address: string;
  readonly requestId: string;
}
