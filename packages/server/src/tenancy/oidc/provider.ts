import { z } from 'zod';
import { RegistryError } from '#kernel/errors';
import type { GuardedRequest, OutboundAnswer } from '#platform/outbound';
import { type IssuerAddress, type IssuerMetadata, type Issuers, parseJson, type TokenClaims } from '#tenancy/issuers';
import type { OidcSettings } from './types.ts';

/** What the provider said of somebody, checked. */
export interface ProviderAnswer {
  readonly issuer: string;
  readonly subject: string;
  /** Of the ID token and of the userinfo endpoint, which counts more. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly idToken: string | undefined;
  readonly refreshToken: string | undefined;
}

export interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636 §4.2), S256. */
  readonly challenge: string;
}

export interface CodeRedemption {
  readonly code: string;
  readonly redirectUri: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** The OpenID provider, as OpenID Connect Core 1.0 has a client talk to it. */
export interface Provider {
  /** Where the browser goes to sign in. */
  authorizationUrl(settings: OidcSettings, request: AuthorizationRequest): Promise<string>;
  /** What the browser comes back with, checked (RFC 9207): fails with `query-invalid` when another issuer sent it. */
  assertSentBy(settings: OidcSettings, iss: string | undefined): Promise<void>;
  /**
   * Turns the code into what the provider says. Fails with `query-invalid` for a code or nonce that is not good, and
   * with `unauthorized` for an ID token that is not for us.
   */
  redeem(settings: OidcSettings, redemption: CodeRedemption): Promise<ProviderAnswer>;
  /** What the provider says today; `refused` when it no longer knows the token. Fails when it gives no answer. */
  refresh(settings: OidcSettings, refreshToken: string, subject: string): Promise<ProviderAnswer | 'refused'>;
  /** Checks an ID token that somebody brings along. Fails with `unauthorized`. */
  verify(settings: OidcSettings, idToken: string): Promise<{ readonly issuer: string; readonly subject: string }>;
  /** Where the browser goes to sign out; undefined when the provider has no such place. */
  logoutUrl(settings: OidcSettings, idToken: string | undefined, returnTo: string): Promise<string | undefined>;
}

export interface ProviderDeps {
  readonly issuers: Issuers;
  readonly request: GuardedRequest;
}

const tokenAnswer = z.object({
  access_token: z.string().max(32_768),
  id_token: z.string().max(32_768).optional(),
  refresh_token: z.string().max(32_768).nullish(),
});

const tokenRefusal = z.object({ error: z.string().max(100) });

export function createProvider({ issuers, request }: ProviderDeps): Provider {
  const find = (settings: OidcSettings) => issuers.find(addressOf(settings));

  /** The token endpoint (RFC 6749 §3.2), as this client. */
  async function askForTokens(settings: OidcSettings, form: Record<string, string>): Promise<OutboundAnswer> {
    const { tokenEndpoint, tokenAuthMethods } = await find(settings);
    if (tokenEndpoint === undefined) throw missing('token_endpoint');
    const { clientId, clientSecret } = settings;
    const basic = clientSecret !== undefined && tokenAuthMethods.includes('client_secret_basic');
    const inForm = basic
      ? {}
      : { client_id: clientId, ...(clientSecret === undefined ? {} : { client_secret: clientSecret }) };
    return request({
      url: tokenEndpoint,
      field: 'token_endpoint',
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({ ...form, ...inForm }).toString(),
      insecure: !settings.verifyCert,
      ...(basic
        ? { authorization: { origin: new URL(tokenEndpoint).origin, value: basicOf(clientId, clientSecret) } }
        : {}),
    });
  }

  /** What the userinfo endpoint adds; it must speak of the same person (OpenID Connect Core 1.0 §5.3.2). */
  async function askForUserinfo(
    settings: OidcSettings,
    { userinfoEndpoint }: IssuerMetadata,
    accessToken: string,
    subject: string,
  ): Promise<Record<string, unknown>> {
    if (userinfoEndpoint === undefined) return {};
    const answer = await request({
      url: userinfoEndpoint,
      field: 'userinfo_endpoint',
      headers: { accept: 'application/json' },
      authorization: { origin: new URL(userinfoEndpoint).origin, value: `Bearer ${accessToken}` },
      insecure: !settings.verifyCert,
    });
    if (answer.status !== 200) {
      throw new RegistryError('unavailable', `The provider answered with ${answer.status} when asked about the user.`, {
        retryAfter: 10,
      });
    }
    // A signed answer (application/jwt) has to be asked for by the client's registration; the ID token is enough then.
    const found = z.looseObject({ sub: z.string() }).safeParse(parseJson(answer.body));
    if (!found.success) return {};
    if (found.data.sub !== subject) throw new RegistryError('unauthorized', 'The provider speaks of two people.');
    return found.data;
  }

  async function read(
    settings: OidcSettings,
    answer: OutboundAnswer,
    known: { readonly subject?: string; readonly nonce?: string },
  ): Promise<ProviderAnswer> {
    const metadata = await find(settings);
    const tokens = tokenAnswer.safeParse(parseJson(answer.body));
    if (answer.status !== 200 || !tokens.success) {
      throw new RegistryError(
        'issuer-invalid',
        `The provider's token endpoint answered with ${answer.status} and no tokens.`,
      );
    }
    const { access_token: accessToken, id_token: idToken, refresh_token: refreshToken } = tokens.data;
    const told: TokenClaims = idToken === undefined ? {} : await verifyIdToken(settings, idToken);
    // A renewal may come without an ID token (OpenID Connect Core 1.0 §12.2); a sign-in never does.
    const subject = told.sub ?? known.subject;
    if (subject === undefined) throw new RegistryError('unauthorized', 'The provider sent no ID token.');
    if (known.subject !== undefined && subject !== known.subject) {
      throw new RegistryError('unauthorized', 'The provider renewed the token of one person for another.');
    }
    if (known.nonce !== undefined && told['nonce'] !== known.nonce) {
      throw new RegistryError('query-invalid', 'nonce: the ID token belongs to another sign-in.');
    }
    const more = await askForUserinfo(settings, metadata, accessToken, subject);
    if (idToken === undefined && Object.keys(more).length === 0) throw missing('userinfo_endpoint');
    return {
      issuer: metadata.issuer,
      subject,
      claims: { ...told, ...more },
      idToken,
      refreshToken: refreshToken ?? undefined,
    };
  }

  const verifyIdToken = (settings: OidcSettings, idToken: string) =>
    issuers.verify(idToken, addressOf(settings), { audience: settings.clientId, forClient: true });

  return {
    async authorizationUrl(settings, { redirectUri, state, nonce, challenge }) {
      const { authorizationEndpoint } = await find(settings);
      if (authorizationEndpoint === undefined) throw missing('authorization_endpoint');
      const url = new URL(authorizationEndpoint);
      // What is ours comes last: no extra parameter takes its place.
      for (const [name, value] of [
        ...Object.entries(settings.extraRedirectParams),
        ...Object.entries({
          response_type: 'code',
          client_id: settings.clientId,
          redirect_uri: redirectUri,
          scope: scopeOf(settings),
          state,
          nonce,
          code_challenge: challenge,
          code_challenge_method: 'S256',
        }),
      ]) {
        url.searchParams.set(name, value);
      }
      return url.href;
    },
    async assertSentBy(settings, iss) {
      const { issuer, namesItself } = await find(settings);
      if (iss === undefined ? !namesItself : iss === issuer) return;
      throw new RegistryError('query-invalid', 'iss: another provider sent the answer.');
    },
    async redeem(settings, { code, redirectUri, nonce, verifier }) {
      const answer = await askForTokens(settings, {
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
      });
      if (isRefusal(answer, 'invalid_grant')) {
        throw new RegistryError('query-invalid', 'code: the provider does not accept it; sign in again.');
      }
      return read(settings, answer, { nonce });
    },
    async refresh(settings, refreshToken, subject) {
      const answer = await askForTokens(settings, { grant_type: 'refresh_token', refresh_token: refreshToken });
      return isRefusal(answer, 'invalid_grant') ? 'refused' : read(settings, answer, { subject });
    },
    async verify(settings, idToken) {
      const { iss = '', sub = '' } = await verifyIdToken(settings, idToken);
      return { issuer: iss, subject: sub };
    },
    async logoutUrl(settings, idToken, returnTo) {
      const { endSessionEndpoint } = await find(settings);
      if (endSessionEndpoint === undefined) return undefined;
      const url = new URL(endSessionEndpoint);
      url.searchParams.set('client_id', settings.clientId);
      url.searchParams.set('post_logout_redirect_uri', returnTo);
      if (idToken !== undefined) url.searchParams.set('id_token_hint', idToken);
      return url.href;
    },
  };
}

function addressOf(settings: OidcSettings): IssuerAddress {
  return { issuer: settings.endpoint, insecure: !settings.verifyCert, field: 'oidc_endpoint' };
}

/** Harbor writes scopes with commas. */
function scopeOf({ scope }: OidcSettings): string {
  return [...new Set(['openid', ...scope.split(/[\s,]+/).filter((one) => one !== '')])].join(' ');
}

/** RFC 6749 §2.3.1: both are form-encoded before they are joined. */
function basicOf(clientId: string, clientSecret: string): string {
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')}`;
}

function isRefusal(answer: OutboundAnswer, error: string): boolean {
  const refusal = tokenRefusal.safeParse(parseJson(answer.body));
  return answer.status >= 400 && answer.status < 500 && refusal.success && refusal.data.error === error;
}

function missing(what: string): RegistryError {
  return new RegistryError('issuer-invalid', `The provider has no ${what}.`);
}
