import { type Challenge, parseChallenges } from '#src/challenge';
import { formatScope, parseScope, type Scope } from '#src/scope';
import { basicAuthorization, type Credentials, type CredentialSource } from './credentials.ts';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';
import type { RetryClock } from './retry.ts';
import { type BearerToken, requestToken } from './token-request.ts';
import { parseRealm } from './trust.ts';

/** Knows how one registry wants to be asked, and holds the tokens it gave. */
export interface Authorizer {
  /** The `Authorization` for a request that needs `scopes`; undefined when none is known to be needed. */
  authorize(scopes: readonly Scope[]): Promise<string | undefined>;
  /** Learns from a 401. True when `authorize` will now answer otherwise, so that asking again makes sense. */
  learn(header: string | undefined, scopes: readonly Scope[], used: string | undefined): Promise<boolean>;
}

export interface AuthorizerDeps {
  /** The registry as users name it, and where it is reached. */
  readonly registry: string;
  readonly base: URL;
  readonly credentials: CredentialSource;
  readonly trustedRealms: readonly string[];
  readonly clientId: string;
  readonly clock: RetryClock;
  readonly send: (request: HttpRequest) => Promise<HttpResponse>;
}

interface Bearer {
  readonly kind: 'bearer';
  readonly realm: string;
  readonly service: string | undefined;
}

interface HeldToken {
  readonly value: Promise<BearerToken>;
  /** Known once the token is there. */
  token?: string;
  expires: number;
}

// A token is renewed this long before its end, so that it does not expire on the way.
const marginMs = 10_000;
const mostTokens = 1000;

function mergeScopes(wanted: readonly Scope[], more: readonly Scope[]): Scope[] {
  const merged = new Map<string, Scope>();
  for (const scope of [...wanted, ...more]) {
    const key = `${scope.type}(${scope.class ?? ''}):${scope.name}`;
    const actions = [...new Set([...(merged.get(key)?.actions ?? []), ...scope.actions])];
    merged.set(key, { ...scope, actions });
  }
  return [...merged.values()];
}

function findChallenge(challenges: readonly Challenge[]): Bearer | { readonly kind: 'basic' } | undefined {
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters['realm'] !== undefined);
  if (bearer !== undefined) {
    return { kind: 'bearer', realm: bearer.parameters['realm'] ?? '', service: bearer.parameters['service'] };
  }
  return challenges.some(({ scheme }) => scheme === 'basic') ? { kind: 'basic' } : undefined;
}

/** Creates the authorizer of one registry. Its methods reject as `requestToken` and `parseRealm` do. */
export function createAuthorizer(deps: AuthorizerDeps): Authorizer {
  let mode: ReturnType<typeof findChallenge>;
  let credentials: Promise<Credentials | undefined> | undefined;
  const tokens = new Map<string, HeldToken>();
  const extraScopes = new Map<string, Scope[]>();

  function findCredentials(): Promise<Credentials | undefined> {
    credentials ??= Promise.resolve(deps.registry)
      .then(deps.credentials)
      .catch((error: unknown) => {
        credentials = undefined;
        throw error;
      });
    return credentials;
  }

  async function fetchToken(bearer: Bearer, scopes: readonly Scope[]): Promise<BearerToken> {
    const found = await findCredentials();
    const realm = parseRealm(bearer.realm, deps.base, found !== undefined, deps.trustedRealms);
    const { clientId, send } = deps;
    return requestToken({ realm, service: bearer.service, scopes, credentials: found, clientId }, send);
  }

  /** One request per set of scopes at a time: others wait for its answer. */
  async function findToken(bearer: Bearer, scopes: readonly Scope[]): Promise<string> {
    const key = formatScope(scopes);
    const held = tokens.get(key);
    if (held !== undefined && held.expires > deps.clock.now()) {
      return (await held.value).token;
    }
    if (tokens.size >= mostTokens) {
      tokens.clear();
    }
    const asked = deps.clock.now();
    const fresh: HeldToken = {
      value: fetchToken(bearer, mergeScopes(scopes, extraScopes.get(key) ?? [])),
      expires: Number.POSITIVE_INFINITY,
    };
    tokens.set(key, fresh);
    try {
      const { token, lifetimeMs } = await fresh.value;
      fresh.token = token;
      fresh.expires = asked + lifetimeMs - marginMs;
      return token;
    } catch (error) {
      if (tokens.get(key) === fresh) {
        tokens.delete(key);
      }
      throw error;
    }
  }

  async function authorize(scopes: readonly Scope[]): Promise<string | undefined> {
    if (mode === undefined) {
      return undefined;
    }
    const found = await findCredentials();
    if (found?.kind === 'registry-token') {
      return `Bearer ${found.token}`;
    }
    if (mode.kind === 'bearer') {
      return `Bearer ${await findToken(mode, scopes)}`;
    }
    return found?.kind === 'password' ? basicAuthorization(found.username, found.password) : undefined;
  }

  async function learn(
    header: string | undefined,
    scopes: readonly Scope[],
    used: string | undefined,
  ): Promise<boolean> {
    const challenges = parseChallenges(header ?? '');
    const challenge = findChallenge(challenges);
    if (challenge === undefined) {
      return false;
    }
    mode = challenge;
    if (challenge.kind === 'basic') {
      credentials = undefined;
      return (await authorize(scopes)) !== used;
    }
    const key = formatScope(scopes);
    const asked = challenges.flatMap(({ parameters }) => parseScope(parameters['scope'] ?? ''));
    extraScopes.set(key, mergeScopes(extraScopes.get(key) ?? [], asked));
    if (used !== undefined) {
      credentials = undefined;
      // Another request may have renewed the token meanwhile; only the refused one goes.
      if (used === `Bearer ${tokens.get(key)?.token}`) {
        tokens.delete(key);
      }
    }
    return (await findCredentials())?.kind !== 'registry-token' || used === undefined;
  }

  return { authorize, learn };
}
