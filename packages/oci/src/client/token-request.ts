import { formatScope, type Scope } from '#src/scope';
import { basicAuthorization, type Credentials } from './credentials.ts';
import { RegistryProtocolError, readResponseError } from './errors.ts';
import { bodyOf, type HttpRequest, type HttpResponse } from './http-exchange.ts';
import { readBytes } from './response-body.ts';

/** A token and how long it may be used. */
export interface BearerToken {
  readonly token: string;
  readonly lifetimeMs: number;
}

export interface TokenRequest {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly Scope[];
  readonly credentials: Credentials | undefined;
  readonly clientId: string;
}

const longestAnswer = 256 * 1024;
// The token specification: 60 when the server does not say, and no server may say less.
const shortestLifetimeSeconds = 60;

function askByGet(request: TokenRequest): HttpRequest {
  const { service, scopes, credentials, clientId } = request;
  const url = new URL(request.realm);
  if (service !== undefined) {
    url.searchParams.set('service', service);
  }
  for (const scope of scopes) {
    url.searchParams.append('scope', formatScope(scope));
  }
  const headers: Record<string, string> = {};
  if (credentials?.kind === 'password') {
    url.searchParams.set('account', credentials.username);
    url.searchParams.set('client_id', clientId);
    headers['authorization'] = basicAuthorization(credentials.username, credentials.password);
  }
  return { method: 'GET', url, headers };
}

function askByPost(request: TokenRequest, refreshToken: string): HttpRequest {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    service: request.service ?? '',
    client_id: request.clientId,
    scope: formatScope(request.scopes),
  });
  return {
    method: 'POST',
    url: request.realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: bodyOf(new TextEncoder().encode(form.toString())),
  };
}

async function readToken(response: HttpResponse, host: string): Promise<BearerToken> {
  const text = Buffer.from(await readBytes(response, longestAnswer)).toString('utf8');
  let answer: { token?: unknown; access_token?: unknown; expires_in?: unknown } | null;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    throw new RegistryProtocolError(`the token server ${host} did not answer in JSON`, { cause });
  }
  const token = answer?.access_token || answer?.token;
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new RegistryProtocolError(`the token server ${host} answered without a token`);
  }
  const seconds = typeof answer?.expires_in === 'number' ? answer.expires_in : shortestLifetimeSeconds;
  return { token, lifetimeMs: Math.max(seconds, shortestLifetimeSeconds) * 1000 };
}

/**
 * Asks a token server for a token: by refresh token where the credentials are one, else by GET with or without a
 * password. Rejects with RegistryResponseError when it is refused and with RegistryProtocolError when the answer holds
 * no token.
 * @see https://distribution.github.io/distribution/spec/auth/token/
 * @see https://distribution.github.io/distribution/spec/auth/oauth/
 */
export async function requestToken(
  request: TokenRequest,
  send: (request: HttpRequest) => Promise<HttpResponse>,
): Promise<BearerToken> {
  const { credentials, realm } = request;
  const ask = credentials?.kind === 'identity-token' ? askByPost(request, credentials.token) : askByGet(request);
  const response = await send(ask);
  if (response.status !== 200) {
    throw await readResponseError(ask.method, realm, response);
  }
  return readToken(response, realm.host);
}
