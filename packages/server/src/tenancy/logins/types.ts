import type { UserActor } from '#kernel/actor';

/** Where a sign-in came from, for the throttle and the audit. */
export interface LoginOrigin {
  readonly address: string;
  readonly requestId: string;
}

/**
 * What a place that knows accounts says to a name and password: whose they are, that they are wrong, that it does not
 * know the account and another place may, or that it cannot say just now.
 */
export type LoginVerdict = UserActor | 'refused' | 'unknown' | 'unavailable';

/** A place that knows accounts. */
export interface Authenticator {
  signIn(name: string, password: string, origin: LoginOrigin): Promise<LoginVerdict>;
}
