import { type Challenge, parseChallenges } from '@entrepot/oci/challenge';
import { parseRealm } from '@entrepot/oci/client/trust';
import { RegistryError } from '#kernel/errors';
import type { GuardedRequest, OutboundAnswer, OutboundRequest } from '#platform/outbound';
import { findDistributionUrl } from './providers.ts';
import type { RegistryConnection } from './types.ts';

/** Asks a registry for a path of its distribution API, with the credentials that it wants. */
export type AskRegistry = (path: string, more?: Partial<OutboundRequest>) => Promise<OutboundAnswer>;

/**
 * The way to ask one registry. A refusal for want of credentials is answered once, by the scheme the registry names; what
 * it takes is kept for the next questions. Fails with `target-unreachable` where it asks for what cannot be given.
 * @see https://distribution.github.io/distribution/spec/auth/token/
 */
export function converse(connection: RegistryConnection, request: GuardedRequest, scope?: string): AskRegistry {
  const base = new URL(findDistributionUrl(connection.type, connection.url));
  const secret = basicOf(connection);
  let known: string | undefined;

  const ask = (url: string, authorization: string | undefined, origin: string, more: Partial<OutboundRequest> = {}) =>
    request({
      ...more,
      url,
      insecure: connection.insecure,
      ...(connection.caCertificate === '' ? {} : { ca: connection.caCertificate }),
      ...(authorization === undefined ? {} : { authorization: { origin, value: authorization } }),
    });

  async function findAuthorization(refusal: OutboundAnswer, signal: AbortSignal | undefined): Promise<string> {
    const challenge = chooseChallenge(parseChallenges(refusal.headers['www-authenticate'] ?? ''));
    if (challenge?.scheme === 'basic' && secret !== undefined) return secret;
    if (challenge?.scheme !== 'bearer') throw unhealthy();
    const realm = trustedRealm(challenge, base, secret !== undefined);
    if (connection.accessKey !== '') realm.searchParams.set('account', connection.accessKey);
    if (scope !== undefined) realm.searchParams.set('scope', scope);
    const answer = await ask(realm.href, secret, realm.origin, signal === undefined ? {} : { signal });
    return `Bearer ${tokenIn(answer)}`;
  }

  return async (path, more = {}) => {
    const url = `${base.href.replace(/\/+$/, '')}${path}`;
    const first = await ask(url, known, base.origin, more);
    if (first.status !== 401 || known !== undefined) return first;
    known = await findAuthorization(first, more.signal);
    return ask(url, known, base.origin, more);
  };
}

function chooseChallenge(challenges: readonly Challenge[]): Challenge | undefined {
  return challenges.find(({ scheme }) => scheme === 'bearer') ?? challenges.find(({ scheme }) => scheme === 'basic');
}

/** Credentials go to a token server of the registry's own party only (CVE-2026-33540). */
function trustedRealm({ parameters }: Challenge, base: URL, sendsSecret: boolean): URL {
  try {
    const realm = parseRealm(parameters['realm'] ?? '', base, sendsSecret, []);
    if (parameters['service'] !== undefined) realm.searchParams.set('service', parameters['service']);
    return realm;
  } catch (error) {
    throw unhealthy(error);
  }
}

function tokenIn(answer: OutboundAnswer): string {
  if (answer.status !== 200) throw unhealthy();
  try {
    const { token, access_token: other } = JSON.parse(answer.body.toString()) as Record<string, unknown>;
    const found = token ?? other;
    if (typeof found === 'string' && /^[\x21-\x7e]+$/.test(found)) return found;
  } catch (error) {
    throw unhealthy(error);
  }
  throw unhealthy();
}

function basicOf({ accessKey, accessSecret }: RegistryConnection): string | undefined {
  if (accessKey === '' && accessSecret === undefined) return undefined;
  return `Basic ${Buffer.from(`${accessKey}:${accessSecret ?? ''}`).toString('base64')}`;
}

export function unhealthy(cause?: unknown): RegistryError {
  return new RegistryError('target-unreachable', 'The registry is unhealthy.', { cause });
}
