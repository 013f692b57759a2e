import { type Challenge, parseChallenges } from '@entrepot/oci/challenge';
import { parseRealm } from '@entrepot/oci/client/trust';
import { RegistryError } from '#kernel/errors';
import {
  type GuardedRequest,
  type OutboundAnswer,
  type OutboundRequest,
  withConstantCeiling,
} from '#platform/outbound';
import { findDistributionUrl } from './providers.ts';
import type { RegistryConnection } from './types.ts';

/**
 * Whether a registry answers at `/v2/` and takes the credentials. Fails with `target-refused` where the address itself
 * may not be asked; a registry that cannot be had, or is none, is unhealthy, and nothing tells which.
 */
export type CheckConnection = (connection: RegistryConnection) => Promise<boolean>;

/** What does not work is told after so long, whatever it was. */
const ceilingMs = 5000;

export function createCheckConnection(request: GuardedRequest, ceiling = ceilingMs): CheckConnection {
  return async (connection) => {
    try {
      await withConstantCeiling(ceiling, (signal) => converse(connection, (asked) => request({ ...asked, signal })));
      return true;
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'target-unreachable') return false;
      throw error;
    }
  };
}

/** @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#determining-support */
async function converse(connection: RegistryConnection, request: GuardedRequest): Promise<void> {
  const base = new URL(findDistributionUrl(connection.type, connection.url));
  const secret = basicOf(connection);
  const ask = (url: string, authorization: string | undefined, origin: string) => {
    const asked: OutboundRequest = {
      url,
      insecure: connection.insecure,
      ...(connection.caCertificate === '' ? {} : { ca: connection.caCertificate }),
      ...(authorization === undefined ? {} : { authorization: { origin, value: authorization } }),
    };
    return request(asked);
  };
  const probe = (authorization?: string) => ask(`${base.href.replace(/\/+$/, '')}/v2/`, authorization, base.origin);

  const first = await probe();
  if (isFine(first)) return;
  if (first.status !== 401) throw unhealthy();
  const challenge = chooseChallenge(parseChallenges(first.headers['www-authenticate'] ?? ''));
  if (challenge?.scheme === 'basic' && secret !== undefined) {
    if (!isFine(await probe(secret))) throw unhealthy();
    return;
  }
  if (challenge?.scheme !== 'bearer') throw unhealthy();
  const realm = trustedRealm(challenge, base, secret !== undefined);
  if (connection.accessKey !== '') realm.searchParams.set('account', connection.accessKey);
  const token = tokenIn(await ask(realm.href, secret, realm.origin));
  if (!isFine(await probe(`Bearer ${token}`))) throw unhealthy();
}

function isFine({ status }: OutboundAnswer): boolean {
  return status === 200;
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
  if (!isFine(answer)) throw unhealthy();
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

function unhealthy(cause?: unknown): RegistryError {
  return new RegistryError('target-unreachable', 'The registry is unhealthy.', { cause });
}
