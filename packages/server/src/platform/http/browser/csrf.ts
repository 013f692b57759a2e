import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { RegistryError } from '#kernel/errors';
import { formatCookie, readNamedCookie } from './cookies.ts';

/** What the checks need to know of a request. */
interface BrowserRequest {
  readonly method?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Under which name the client reached us. */
interface OwnOrigin {
  /** `https://hub.example.com[:port]`. */
  readonly base: string;
  readonly secure: boolean;
}

/** Harbor's tools look for it by this name. The token is bound to the session, so a planted cookie is worth nothing. */
const cookieName = '_gorilla_csrf';
const headerName = 'X-Harbor-CSRF-Token';
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);
const nonceGrammar = /^[\w-]{22}$/;

/**
 * Refuses a request that a page of another site made a browser send. Browsers say where a request comes from
 * (`Sec-Fetch-Site`), older ones at least `Origin`; what says neither is no browser. Fails with `denied`.
 */
export function assertSameOrigin(request: BrowserRequest, origin: OwnOrigin): void {
  const site = request.headers['sec-fetch-site'];
  if (site === 'same-origin' || site === 'none') return;
  const { origin: from } = request.headers;
  if (site === undefined && (from === undefined || from.toLowerCase() === origin.base.toLowerCase())) return;
  throw new RegistryError('denied', 'The request comes from a page of another site.');
}

/**
 * Refuses a change that the holder of a session may not have meant: it has to come from our own pages and to carry the
 * token that `offerCsrfToken` gave out. Only requests that a session cookie signs in need this; a browser never adds an
 * `Authorization` header by itself. Reads are let through. `key` is the session's. Fails with `denied`.
 */
export function checkCsrf(request: BrowserRequest, origin: OwnOrigin, key: string): void {
  if (safeMethods.has(request.method ?? 'GET')) return;
  assertSameOrigin(request, origin);
  const nonce = readNamedCookie(request.headers, cookieName);
  const sent = request.headers[headerName.toLowerCase()];
  const expected = nonce !== undefined && nonceGrammar.test(nonce) ? tokenOf(key, nonce) : undefined;
  if (expected !== undefined && typeof sent === 'string' && isSame(sent, expected)) return;
  throw new RegistryError('denied', `CSRF token not found or invalid: send what ${headerName} last said.`);
}

/**
 * The headers that give a session its token: clients send `X-Harbor-CSRF-Token` back with the cookie. They belong on
 * every answer to a request that a session signed in, refusals too, since Harbor's tools learn the token from those.
 */
export function offerCsrfToken(request: BrowserRequest, origin: OwnOrigin, key: string): Record<string, string> {
  const held = readNamedCookie(request.headers, cookieName);
  const known = held !== undefined && nonceGrammar.test(held);
  const nonce = known ? held : randomBytes(16).toString('base64url');
  const { secure } = origin;
  return {
    [headerName]: tokenOf(key, nonce),
    ...(known
      ? {}
      : { 'Set-Cookie': formatCookie(cookieName, nonce, { secure, sameSite: 'Strict', prefixed: false }) }),
  };
}

function tokenOf(key: string, nonce: string): string {
  return createHmac('sha256', key).update(`csrf ${nonce}`).digest('base64url');
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
