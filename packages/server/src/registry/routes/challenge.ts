import { formatBasicChallenge, formatBearerChallenge } from '@entrepot/oci/challenge';
import { formatScope, type Scope } from '@entrepot/oci/scope';
import type { Origin } from '#platform/http';

export type ChallengeKind = 'bearer' | 'basic';

export interface ChallengeOptions {
  readonly kind: ChallengeKind;
  readonly service: string;
}

/**
 * The `WWW-Authenticate` header of a refusal: where to fetch a token and for which scopes (distribution docs, token
 * authentication), or that a name and password are wanted.
 */
export function challengeHeaders(
  { kind, service }: ChallengeOptions,
  origin: Origin,
  scopes: readonly Scope[],
  error: 'invalid_token' | 'insufficient_scope' | undefined,
): string[] {
  if (kind === 'basic') return ['WWW-Authenticate', formatBasicChallenge(service)];
  const challenge = formatBearerChallenge({
    realm: `${origin.base}${origin.prefix}/service/token`,
    service,
    ...(scopes.length === 0 ? {} : { scope: formatScope(scopes) }),
    ...(error === undefined ? {} : { error }),
  });
  return ['WWW-Authenticate', challenge];
}
