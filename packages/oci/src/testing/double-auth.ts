import { randomUUID } from 'node:crypto';
import { formatBasicChallenge, formatBearerChallenge } from '#src/challenge';
import { basicAuthorization } from '#src/client/credentials';
import { formatScope, parseScope, type Scope } from '#src/scope';

/** How the double wants to be asked. */
export interface DoubleAuthOptions {
  readonly kind: 'basic' | 'bearer';
  readonly username: string;
  readonly password: string;
  /** Lets anybody pull; with `bearer` by an anonymous token. */
  readonly anonymousPull?: boolean;
  /** A refresh token that the token endpoint takes in place of name and password. */
  readonly identityToken?: string;
  /** Seconds a token is good for, as told and as meant; 300 by default. */
  readonly expiresIn?: number;
  /** Replaces the realm of challenges, to see what a client does with a foreign one. */
  readonly realm?: string;
}

/** The answer to a request that may not pass. */
export interface Challenged {
  readonly status: 401 | 403;
  readonly challenge: string | undefined;
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** The guard of a double. */
export interface DoubleAuth {
  /** Undefined when the request may pass. */
  check(authorization: string | undefined, needed: readonly Scope[], origin: string): Challenged | undefined;
  /** Answers the token endpoint. `form` holds query or body fields. */
  issue(method: string, authorization: string | undefined, form: URLSearchParams): TokenAnswer;
  /** Forgets every token, as a restart would. */
  revokeTokens(): void;
}

function allows(granted: readonly Scope[], needed: Scope): boolean {
  const actions = granted
    .filter((scope) => scope.type === needed.type && scope.name === needed.name)
    .flatMap((scope) => scope.actions);
  return needed.actions.every((action) => actions.includes(action) || actions.includes('*'));
}

/** Creates the guard of a double; without options everybody may do everything. Never fails. */
export function createDoubleAuth(options: DoubleAuthOptions | undefined): DoubleAuth {
  const tokens = new Map<string, { readonly granted: readonly Scope[]; readonly expires: number }>();
  const secret = options === undefined ? '' : basicAuthorization(options.username, options.password);

  function isAnonymousPull(needed: readonly Scope[]): boolean {
    return (
      options?.anonymousPull === true && needed.every(({ actions }) => actions.every((action) => action === 'pull'))
    );
  }

  function check(authorization: string | undefined, needed: readonly Scope[], origin: string): Challenged | undefined {
    if (options === undefined) {
      return undefined;
    }
    if (options.kind === 'basic') {
      const passes = authorization === secret || (authorization === undefined && isAnonymousPull(needed));
      return passes ? undefined : { status: 401, challenge: formatBasicChallenge('double') };
    }
    const token = tokens.get(authorization?.replace(/^Bearer /, '') ?? '');
    const valid = token !== undefined && token.expires > Date.now();
    if (valid && needed.every((scope) => allows(token.granted, scope))) {
      return undefined;
    }
    const challenge = formatBearerChallenge({
      realm: options.realm ?? `${origin}/token`,
      service: 'double',
      ...(needed.length === 0 ? {} : { scope: formatScope(needed) }),
      ...(authorization === undefined ? {} : { error: valid ? 'insufficient_scope' : 'invalid_token' }),
    });
    return { status: 401, challenge };
  }

  function issue(method: string, authorization: string | undefined, form: URLSearchParams): TokenAnswer {
    const known =
      method === 'POST'
        ? options?.identityToken !== undefined && form.get('refresh_token') === options.identityToken
        : authorization === secret;
    const anonymous = method === 'GET' && authorization === undefined && options?.anonymousPull === true;
    if (!known && !anonymous) {
      return { status: 401, body: { errors: [{ code: 'UNAUTHORIZED', message: 'wrong name or password' }] } };
    }
    const wanted = form.getAll('scope').flatMap(parseScope);
    const granted = known
      ? wanted
      : wanted.map((scope) => ({ ...scope, actions: scope.actions.filter((a) => a === 'pull') }));
    const expiresIn = options?.expiresIn ?? 300;
    const token = randomUUID();
    tokens.set(token, { granted, expires: Date.now() + expiresIn * 1000 });
    return { status: 200, body: { token, access_token: token, expires_in: expiresIn, scope: formatScope(granted) } };
  }

  return { check, issue, revokeTokens: () => tokens.clear() };
}
