import { createHash, randomBytes } from 'node:crypto';
import type { Asker, UserActor } from '#kernel/actor';
import { anonymous } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import type { SecretBox } from '#platform/crypto';
import { withConstantCeiling } from '#platform/outbound';
import type { Audit } from '#tenancy/audit';
import type { Issuers } from '#tenancy/issuers';
import { readMembership, readProfile, toUserName } from './claims.ts';
import { cliSecretPlace, drawCliSecret } from './cli-secrets.ts';
import type { Provider, ProviderAnswer } from './provider.ts';
import { refreshTokenPlace, type Standing } from './standing.ts';
import type { Step, Steps } from './steps.ts';
import type { OidcStore } from './store.ts';
import type { OidcIdentity, OidcSettings } from './types.ts';

/** Where the browser goes next; `token` is for its cookie. */
export interface Departure {
  readonly location: string;
  readonly token: string;
}

/** What the browser comes back with. */
export interface Return {
  /** The token of its cookie. */
  readonly token: string | undefined;
  readonly query: URLSearchParams;
}

export type Arrival =
  | {
      readonly kind: 'signed-in';
      readonly actor: UserActor;
      readonly idToken: string | undefined;
      readonly returnTo: string;
    }
  /** Somebody new chooses a name; `token` is for the cookie. */
  | { readonly kind: 'new'; readonly token: string; readonly suggested: string; readonly returnTo: string };

type Origin = Omit<Asker, 'actor'>;

export interface SignIns {
  /**
   * Begins a sign-in. `base` is our own address, `address` that of whoever asks. Fails with `precondition-failed` where
   * OpenID is not set up, and with `too-many-requests` when too many are under way.
   */
  begin(base: string, returnTo: string, address: string): Promise<Departure>;
  /**
   * Ends a sign-in. Fails with `query-invalid` when the answer belongs to no sign-in of this browser, or to one that is
   * over, and with `unauthorized` when the provider or we refuse the person.
   */
  finish(back: Return, origin: Origin): Promise<Arrival>;
  /** Makes the account of somebody new, under the name of his choice. Fails with `conflict` when it is taken. */
  onboard(
    token: string | undefined,
    userName: string,
    origin: Origin,
  ): Promise<Arrival & { readonly kind: 'signed-in' }>;
  /** Where the browser goes to sign out at the provider too; undefined when it stays. */
  logoutUrl(idToken: string | undefined, returnTo: string): Promise<string | undefined>;
  /** Tries a provider. Fails with `target-refused`, or after a fixed time with `target-unreachable` whatever went wrong. */
  ping(endpoint: string, verifyCert: boolean): Promise<void>;
}

export interface SignInsDeps {
  readonly settings: () => OidcSettings | undefined;
  readonly provider: Provider;
  readonly issuers: Issuers;
  readonly store: OidcStore;
  readonly standing: Standing;
  readonly steps: Steps;
  readonly transact: Transact;
  readonly box: Pick<SecretBox, 'seal'>;
  readonly audit: Pick<Audit, 'write' | 'note'>;
  readonly clock: Clock;
  readonly onMembershipChanged: () => void;
  /** Milliseconds that a failed ping takes, whatever failed; 10 s if absent. */
  readonly pingMs?: number;
}

/** As long as the guarded client waits at most. */
const longestPingMs = 10_000;

export function createSignIns(deps: SignInsDeps): SignIns {
  const { provider, store, standing, steps, transact, box, audit, clock, pingMs = longestPingMs } = deps;

  function settingsNow(): OidcSettings {
    const settings = deps.settings();
    if (settings !== undefined) return settings;
    throw new RegistryError('precondition-failed', 'People do not sign in through OpenID Connect here.');
  }

  /** The sign-in that this browser began; it is over from here on, whatever comes of it. */
  async function takeStarted({ token, query }: Return): Promise<Step<'started'>> {
    const step = token === undefined ? undefined : await steps.find('started', token);
    const taken = step !== undefined && (await transact((tx) => steps.take(tx, token ?? '')));
    const state = query.get('state');
    if (step !== undefined && taken && state !== null && state === step.state) return step;
    throw new RegistryError(
      'query-invalid',
      'state: it belongs to no sign-in of this browser, or to one that is over.',
    );
  }

  function actorOf(identity: OidcIdentity): UserActor {
    return { kind: 'user', userId: identity.userId, name: identity.userName, admin: identity.admin };
  }

  const noteLogin = (actor: UserActor, { address, requestId }: Origin) =>
    audit.note({ action: 'login', asker: { actor, address, requestId }, resource: actor.name, outcome: 'success' });

  /** Somebody we know: what the provider says today takes the place of what it said. */
  async function welcome(identity: OidcIdentity, answer: ProviderAnswer, settings: OidcSettings, origin: Origin) {
    const { userId, userName } = identity;
    if (identity.disabled) {
      audit.note({
        action: 'login',
        asker: { actor: anonymous, address: origin.address, requestId: origin.requestId },
        resource: userName,
        outcome: 'failure',
      });
      throw new RegistryError('unauthorized', 'The account is disabled.');
    }
    if (await transact((tx) => standing.take(tx, userId, answer, settings))) deps.onMembershipChanged();
    const today = (await store.findByUser(userId)) ?? identity;
    const actor = actorOf(today);
    noteLogin(actor, origin);
    return actor;
  }

  async function insert(
    tx: Transaction,
    answer: Omit<ProviderAnswer, 'claims'> & { readonly claims: ProviderAnswer['claims'] },
    userName: string,
    settings: OidcSettings,
    origin: Origin,
  ): Promise<UserActor | undefined> {
    const { issuer, subject, refreshToken } = answer;
    const at = clock();
    const profile = { ...readProfile(answer.claims, settings), userName };
    const userId = await store.insert(tx, { issuer, subject, profile, at }, (id) => ({
      refreshToken: refreshToken === undefined ? null : box.seal(refreshToken, refreshTokenPlace(id)),
      cliSecret: box.seal(drawCliSecret(), cliSecretPlace(id)),
    }));
    if (userId === undefined) return undefined;
    const membership = readMembership(answer.claims, settings);
    await store.replaceMembership(tx, userId, membership, at);
    const actor: UserActor = { kind: 'user', userId, name: userName, admin: membership.admin };
    await audit.write(tx, {
      action: 'create-user',
      asker: { actor, address: origin.address, requestId: origin.requestId },
      resource: userName,
      outcome: 'success',
      after: { source: 'oidc', issuer, subject, admin: membership.admin },
    });
    return actor;
  }

  return {
    async begin(base, returnTo, address) {
      const settings = settingsNow();
      await steps.admit(address);
      const draw = () => randomBytes(32).toString('base64url');
      const step = { state: draw(), nonce: draw(), verifier: draw(), redirectUri: `${base}/c/oidc/callback`, returnTo };
      const challenge = createHash('sha256').update(step.verifier).digest('base64url');
      const location = await provider.authorizationUrl(settings, { ...step, challenge });
      return { location, token: await steps.keep('started', step) };
    },
    async finish(back, origin) {
      const settings = settingsNow();
      const step = await takeStarted(back);
      const { query } = back;
      await provider.assertSentBy(settings, query.get('iss') ?? undefined);
      const error = query.get('error');
      if (error !== null) {
        const shown = error.replaceAll(/[^\w.-]/g, '').slice(0, 64);
        throw new RegistryError('unauthorized', `The provider refused to sign you in: ${shown}.`);
      }
      const code = query.get('code');
      if (code === null || code === '') throw new RegistryError('query-invalid', 'code: the provider sent none.');
      const answer = await provider.redeem(settings, { ...step, code });
      const { returnTo } = step;
      const known = await store.findBySubject(answer.issuer, answer.subject);
      if (known !== undefined) {
        return {
          kind: 'signed-in',
          actor: await welcome(known, answer, settings, origin),
          idToken: answer.idToken,
          returnTo,
        };
      }
      const { userName } = readProfile(answer.claims, settings);
      if (settings.autoOnboard) {
        const actor = await transact((tx) => insert(tx, answer, userName, settings, origin));
        if (actor !== undefined) {
          noteLogin(actor, origin);
          return { kind: 'signed-in', actor, idToken: answer.idToken, returnTo };
        }
        // Whoever has the name is somebody else: a new person never gets an account that is there.
      }
      return { kind: 'new', token: await steps.keep('known', answer), suggested: userName, returnTo };
    },
    async onboard(token, userName, origin) {
      const settings = settingsNow();
      const step = token === undefined ? undefined : await steps.find('known', token);
      if (step === undefined || token === undefined) {
        throw new RegistryError('precondition-failed', 'Nobody new has signed in with this browser, or too long ago.');
      }
      if (userName === '' || toUserName(userName) !== userName) {
        throw new RegistryError(
          'body-invalid',
          'username: expected 1 to 255 letters, digits and . _ @ + - characters.',
        );
      }
      const answer: ProviderAnswer = { ...step, idToken: step.idToken, refreshToken: step.refreshToken };
      const actor = await transact(async (tx) => {
        const made = await insert(tx, answer, userName, settings, origin);
        if (made !== undefined && !(await steps.take(tx, token))) {
          throw new RegistryError('precondition-failed', 'The account was made already.');
        }
        return made;
      });
      if (actor === undefined) throw new RegistryError('conflict', `username: ${userName} is taken; choose another.`);
      noteLogin(actor, origin);
      return { kind: 'signed-in', actor, idToken: step.idToken, returnTo: '/' };
    },
    async logoutUrl(idToken, returnTo) {
      const settings = deps.settings();
      return settings?.logout === true ? provider.logoutUrl(settings, idToken, returnTo) : undefined;
    },
    async ping(endpoint, verifyCert) {
      try {
        const refused = await withConstantCeiling(pingMs, () =>
          deps.issuers.ping({ issuer: endpoint, insecure: !verifyCert, field: 'url' }).then(() => undefined, asRefusal),
        );
        if (refused !== undefined) throw refused;
      } catch (cause) {
        if (cause instanceof RegistryError && cause.code === 'target-refused') throw cause;
        // A port that speaks something else is not told from one that is closed.
        throw new RegistryError(
          'target-unreachable',
          'There is no OpenID provider at this address, or it did not answer.',
          { cause },
        );
      }
    },
  };
}

/** What the address itself says costs no packet, and needs not be hidden behind a wait. */
function asRefusal(error: unknown): RegistryError {
  if (error instanceof RegistryError && error.code === 'target-refused') return error;
  throw error;
}
