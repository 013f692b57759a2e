import { z } from 'zod';
import { RegistryError } from '#kernel/errors';
import type { GuardedRequest } from '#platform/outbound';
import type { IssuerAddress, IssuerMetadata } from './types.ts';

const url = z.url({ protocol: /^https?$/ }).max(2048);

const discovered = z.object({
  issuer: url,
  jwks_uri: url,
  authorization_endpoint: url.optional(),
  token_endpoint: url.optional(),
  userinfo_endpoint: url.optional(),
  end_session_endpoint: url.optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
});

const wellKnown = '/.well-known/openid-configuration';

/**
 * Asks an issuer what it says of itself. It has to call itself what it was asked as, and none of its addresses may be
 * weaker than its own. Fails with `target-refused`, `target-unreachable`, or `issuer-invalid` when the answer is no
 * such document.
 */
export async function discover(request: GuardedRequest, address: IssuerAddress): Promise<IssuerMetadata> {
  const base = address.issuer.replace(/\/+$/, '');
  const answer = await request({
    url: `${base}${wellKnown}`,
    field: address.field ?? 'issuer',
    headers: { accept: 'application/json' },
    insecure: address.insecure === true,
    redirects: 2,
  });
  if (answer.status !== 200) throw invalid(`answered with ${answer.status}`);
  const found = discovered.safeParse(parseJson(answer.body));
  if (!found.success) {
    const [issue] = found.error.issues;
    throw invalid(`is no discovery document: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trimEnd());
  }
  const metadata = found.data;
  // A slash at the end is all that people get wrong without meaning somebody else.
  if (metadata.issuer.replace(/\/+$/, '') !== base) throw invalid(`belongs to the issuer ${metadata.issuer}`);
  const endpoints = [
    metadata.jwks_uri,
    metadata.authorization_endpoint,
    metadata.token_endpoint,
    metadata.userinfo_endpoint,
    metadata.end_session_endpoint,
  ];
  if (base.startsWith('https:') && endpoints.some((endpoint) => endpoint?.startsWith('http:') === true)) {
    throw invalid('names an address without TLS');
  }
  return {
    issuer: metadata.issuer,
    jwksUri: metadata.jwks_uri,
    authorizationEndpoint: metadata.authorization_endpoint,
    tokenEndpoint: metadata.token_endpoint,
    userinfoEndpoint: metadata.userinfo_endpoint,
    endSessionEndpoint: metadata.end_session_endpoint,
    // The default of OpenID Connect Discovery 1.0 §3.
    tokenAuthMethods: metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'],
    namesItself: metadata.authorization_response_iss_parameter_supported === true,
  };
}

/** Reads JSON; undefined when it is none. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function invalid(why: string): RegistryError {
  return new RegistryError('issuer-invalid', `The issuer's ${wellKnown} ${why}.`);
}
