import { parseScope } from '@entrepot/oci/scope';
import { RegistryError } from '#kernel/errors';
import type { Eventually } from '#kernel/eventually';
import { type Exchange, isFault, ociErrorReply, type Reply, toRegistryError } from '#platform/http';
import { type LoginOrigin, readBasic } from '#tenancy/logins';
import { type Actor, anonymous } from '#kernel/actor';
import type { PasswordDoor } from './password-door.ts';
import type { IssuedToken, Tokens } from './service.ts';

export interface TokenRouteDeps {
  readonly tokens: Tokens;
  readonly doors: PasswordDoor;
  /** Who asks without credentials in a header: a client certificate may say. Nobody if absent. */
  readonly withoutCredentials?: ((exchange: Exchange) => Eventually<Actor>) | undefined;
  /** Other grants than the password's, by name; each answers for itself. */
  readonly grants?: Readonly<Record<string, (exchange: Exchange, form: URLSearchParams) => Promise<Reply>>>;
  readonly onFault: (error: RegistryError, exchange: Exchange) => void;
}

/** A form with a name, a password and some scopes. */
const longestForm = 64 * 1024;

/**
 * The token service: GET with Basic credentials or none, or POST with an OAuth2 password grant (distribution docs,
 * token and oauth2 authentication). Whatever of the asked-for scopes is not allowed is left out; that is no error.
 * The `service` that a client names is not looked at: those made for Harbor say `harbor-registry`, and whatever they
 * say, a token is for this registry alone.
 */
export function createTokenRoute({
  tokens,
  doors,
  withoutCredentials,
  grants = {},
  onFault,
}: TokenRouteDeps): (exchange: Exchange) => Promise<Reply> {
  async function signedIn(exchange: Exchange): Promise<Actor> {
    const { authorization } = exchange.headers;
    if (authorization === undefined) return withoutCredentials?.(exchange) ?? anonymous;
    const [scheme = '', value = ''] = authorization.split(' ', 2);
    if (scheme.toLowerCase() !== 'basic')
      throw new RegistryError('unauthorized', 'The token service takes Basic credentials.');
    const { name, password } = readBasic(value);
    return doors.signIn(name, password, originOf(exchange));
  }

  async function byGet(exchange: Exchange): Promise<Reply> {
    const { query } = exchange;
    const actor = await signedIn(exchange);
    const issued = await tokens.issue(actor, query.getAll('scope').flatMap(parseScope));
    return tokenReply({
      token: issued.token,
      access_token: issued.token,
      expires_in: issued.expiresInSeconds,
      issued_at: issued.issuedAt.toISOString(),
    });
  }

  async function byPost(exchange: Exchange): Promise<Reply> {
    const form = new URLSearchParams((await exchange.readBody(longestForm, 'body-too-large')).toString('utf8'));
    const grant = form.get('grant_type') ?? '';
    const other = Object.hasOwn(grants, grant) ? grants[grant] : undefined;
    if (other !== undefined) return other(exchange, form);
    // Clients that meet 404 here fetch their token by GET instead.
    if (grant !== 'password')
      throw new RegistryError('route-not-found', 'Only the password grant is served here; or use GET.');
    const actor = await doors.signIn(form.get('username') ?? '', form.get('password') ?? '', originOf(exchange));
    const issued = await tokens.issue(actor, parseScope(form.get('scope') ?? ''));
    return tokenReply({
      access_token: issued.token,
      expires_in: issued.expiresInSeconds,
      issued_at: issued.issuedAt.toISOString(),
      scope: scopeText(issued),
    });
  }

  return async (exchange) => {
    exchange.route = '/service/token';
    try {
      if (exchange.method === 'GET') return await byGet(exchange);
      if (exchange.method === 'POST') return await byPost(exchange);
      throw new RegistryError('method-not-allowed', 'A token is fetched by GET or POST.');
    } catch (error) {
      const told = toRegistryError(error, exchange.requestId);
      if (isFault(told)) onFault(told, exchange);
      const challenge =
        told.code === 'unauthorized' ? ['WWW-Authenticate', 'Basic realm="entrepot", charset="UTF-8"'] : [];
      return ociErrorReply(told, [...challenge, 'X-Request-Id', exchange.requestId]);
    }
  };
}

function originOf(exchange: Exchange): LoginOrigin {
  return { address: exchange.origin.address, requestId: exchange.requestId };
}

function scopeText({ grants }: IssuedToken): string {
  return grants
    .filter((grant) => grant.actions.length > 0)
    .map((grant) => `repository:${grant.repository}:${grant.actions.join(',')}`)
    .join(' ');
}

function tokenReply(body: Readonly<Record<string, unknown>>): Reply {
  const text = JSON.stringify(body);
  const length = String(Buffer.byteLength(text));
  return {
    status: 200,
    headers: ['Content-Type', 'application/json', 'Content-Length', length, 'Cache-Control', 'no-store'],
    body: text,
  };
}
