import { type Actor, anonymous } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Eventually } from '#kernel/eventually';
import type { LoginOrigin, Logins } from '#tenancy/logins';
import type { Tokens } from '#tenancy/tokens';

export interface Identity {
  /**
   * Who stands behind an `Authorization` header: Basic (RFC 7617) or a Bearer token of ours (RFC 6750); nobody without
   * one. Fails with `unauthorized` or `login-throttled`: wrong credentials never fall back to nobody.
   */
  identify(authorization: string | undefined, origin: LoginOrigin): Eventually<Actor>;
}

export interface IdentityDeps {
  readonly logins: Logins;
  readonly tokens: Tokens;
}

export function createIdentity({ logins, tokens }: IdentityDeps): Identity {
  return {
    identify(authorization, origin) {
      if (authorization === undefined) return anonymous;
      const space = authorization.indexOf(' ');
      const scheme = authorization.slice(0, space).toLowerCase();
      const value = authorization.slice(space + 1).trim();
      if (scheme === 'bearer') return tokens.verify(value);
      if (scheme === 'basic') {
        const { name, password } = readBasic(value);
        return logins.signIn(name, password, origin);
      }
      throw new RegistryError('unauthorized', 'The Authorization header is neither Basic nor Bearer.');
    },
  };
}

function readBasic(value: string): { name: string; password: string } {
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) throw new RegistryError('unauthorized', 'The Basic credentials are not name:password in Base64.');
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
