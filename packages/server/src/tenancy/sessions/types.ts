import type { UserActor } from '#kernel/actor';

/** A session that a request was found to belong to. */
export interface FoundSession {
  readonly sessionId: string;
  readonly actor: UserActor;
  /** Where the user signed in: `local`, `ldap` or `oidc`. */
  readonly source: string;
  /** What the tokens against forged requests are made with; it does not open the session. */
  readonly csrfKey: string;
}

/** A session as lists show it. */
export interface SessionSummary {
  readonly id: string;
  readonly userId: number;
  readonly userName: string;
  readonly source: string;
  /** Where it began. */
  readonly address: string;
  readonly userAgent: string;
  readonly createdAt: number;
  /** To the minute. */
  readonly seenAt: number;
}
