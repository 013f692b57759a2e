import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';

/** What the provider says of somebody. */
export type Person = Readonly<Record<string, unknown>>;

/** A real OpenID provider on loopback: who signs in is decided by the test instead of a form. */
export interface OpenIdProvider extends AsyncDisposable {
  readonly issuer: string;
  /** By subject; whoever is not in it is unknown to the provider. */
  readonly people: Map<string, Person>;
  /** The subject that signs in at the next form. */
  signsIn: string;
  /** Whether it answers at all. */
  up: boolean;
  /** Paths it was asked for, with the method. */
  readonly asked: string[];
  /** Signs claims with its key, whatever they say. */
  sign(claims: JWTPayload): Promise<string>;
}

export interface OpenIdProviderOptions {
  /** Our own addresses. */
  readonly callback: string;
  readonly afterLogout: string;
}

/** Seconds that everything of the provider is good for. */
const hour = 3600;

export const clientId = 'hub';
export const clientSecret = 'secret of the hub: +/%';

export async function startOpenIdProvider({ callback, afterLogout }: OpenIdProviderOptions): Promise<OpenIdProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const people = new Map<string, Person>();
  const asked: string[] = [];
  const state = { signsIn: '', up: true };
  const provider = new Provider(issuer, {
    clients: [clientId, 'another-client'].map((id) => ({
      client_id: id,
      client_secret: clientSecret,
      redirect_uris: [callback],
      post_logout_redirect_uris: [afterLogout],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
    })),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'first' }] },
    cookies: { keys: ['test'] },
    claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'], email: ['email'] },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/form/${uid}` },
    findAccount: (_: unknown, id: string) => {
      const person = people.get(id);
      return person && { accountId: id, claims: () => ({ sub: id, ...person }) };
    },
    pkce: { required: () => true },
    issueRefreshToken: () => true,
    rotateRefreshToken: () => true,
    ttl: Object.fromEntries(
      ['AccessToken', 'Grant', 'IdToken', 'Interaction', 'RefreshToken', 'Session'].map((name) => [name, hour]),
    ),
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    asked.push(`${request.method} ${path}`);
    if (!state.up) {
      response.destroy();
      return;
    }
    if (!path.startsWith('/form/')) {
      answer(request, response);
      return;
    }
    const finish = async () => {
      const { params } = await provider.interactionDetails(request, response);
      const grant = new provider.Grant({ accountId: state.signsIn, clientId: String(params['client_id']) });
      grant.addOIDCScope(String(params['scope']));
      const result = { login: { accountId: state.signsIn }, consent: { grantId: await grant.save() } };
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    };
    finish().catch(() => response.destroy());
  });
  return {
    issuer,
    people,
    asked,
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'first' }).sign(privateKey),
    get signsIn() {
      return state.signsIn;
    },
    set signsIn(subject) {
      state.signsIn = subject;
    },
    get up() {
      return state.up;
    },
    set up(up) {
      state.up = up;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
