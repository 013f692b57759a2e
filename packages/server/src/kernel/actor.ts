/** One grant of a bearer token, as the token service signed it. It names the project by id, so a project made anew gets nothing. */
export interface Grant {
  readonly repository: string;
  readonly projectId: number;
  readonly actions: readonly string[];
}

export interface AnonymousActor {
  readonly kind: 'anonymous';
}

/** A person who showed a name and a password. */
export interface UserActor {
  readonly kind: 'user';
  readonly userId: number;
  readonly name: string;
  readonly admin: boolean;
}

/** The holder of a token of our token service: what it may is what the token says, and no more. */
export interface TokenActor {
  readonly kind: 'token';
  /** Undefined for a token that was given to an anonymous client. */
  readonly userId: number | undefined;
  readonly name: string;
  readonly admin: boolean;
  readonly grants: readonly Grant[];
  /** Whether the token grants `registry:catalog:*`. */
  readonly catalog: boolean;
}

export type Actor = AnonymousActor | UserActor | TokenActor;

export const anonymous: AnonymousActor = { kind: 'anonymous' };

/** The name that logs and audit rows show. */
export function actorName(actor: Actor): string {
  return actor.kind === 'anonymous' || actor.name === '' ? 'anonymous' : actor.name;
}

/** Who asks, from where, in which request: what every audited change knows. */
export interface Asker {
  readonly actor: Actor;
  readonly address: string;
  readonly requestId: string;
}
