import type { IncomingHttpHeaders } from 'node:http';

/** The cookie that holds a session, as Harbor's clients send it. */
const plainName = 'sid';

/** Under TLS: browsers refuse it from another host, another path or without Secure (RFC 6265bis §4.1.3.2). */
const hostName = (name: string) => `__Host-${name}`;

/** More cookies than this are nobody's but an attacker's. */
const mostCookies = 100;

/**
 * Reads a `Cookie` header (RFC 6265 §4.2.1). Of two cookies with one name the first counts, which is the one with the
 * longest path. Never throws.
 */
function readCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const part of (header ?? '').split(';', mostCookies)) {
    const sign = part.indexOf('=');
    if (sign === -1) continue;
    const name = part.slice(0, sign).trim();
    const value = part.slice(sign + 1).trim();
    if (!cookies.has(name)) cookies.set(name, value);
  }
  return cookies;
}

/** Reads a cookie that `formatCookie` made: under TLS one that nobody but we can have set. */
export function readCookie(headers: IncomingHttpHeaders, name: string, secure: boolean): string | undefined {
  return readCookies(headers.cookie).get(secure ? hostName(name) : name) || undefined;
}

/** Reads a cookie by the very name it travels under, whoever set it. */
export function readNamedCookie(headers: IncomingHttpHeaders, name: string): string | undefined {
  return readCookies(headers.cookie).get(name) || undefined;
}

/**
 * The session that a request names. Under TLS a browser is believed only with the prefixed cookie: a neighbouring host
 * could have planted the other one. Harbor's tools, which are no browsers, send `sid` over TLS as well.
 */
export function readSessionCookie(headers: IncomingHttpHeaders, secure: boolean): string | undefined {
  const cookies = readCookies(headers.cookie);
  if (!secure) return cookies.get(plainName) || undefined;
  const fromBrowser = headers['sec-fetch-site'] !== undefined || headers['sec-fetch-mode'] !== undefined;
  return cookies.get(hostName(plainName)) || (fromBrowser ? undefined : cookies.get(plainName)) || undefined;
}

export interface CookieOptions {
  readonly secure: boolean;
  /** Seconds; none for as long as the browser runs, 0 to take the cookie back. */
  readonly maxAge?: number;
  /** `Strict` where the cookie is never needed after a click on another site. */
  readonly sameSite?: 'Lax' | 'Strict';
  /** False where clients know the cookie by its name. Such a cookie proves nothing by itself. */
  readonly prefixed?: boolean;
}

/** The value of a `Set-Cookie` header for a cookie that no script reads. The value is base64url or empty. */
export function formatCookie(name: string, value: string, options: CookieOptions): string {
  const { secure, maxAge, sameSite = 'Lax', prefixed = true } = options;
  const age = maxAge === undefined ? '' : `; Max-Age=${maxAge}`;
  return `${secure && prefixed ? hostName(name) : name}=${value}; Path=/${age}; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`;
}

/** Sets the session's cookie; without a token it is taken back. */
export function formatSessionCookie(token: string | undefined, secure: boolean): string {
  return formatCookie(plainName, token ?? '', { secure, ...(token === undefined ? { maxAge: 0 } : {}) });
}
