import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose';
import { z } from 'zod';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';

/** Finds the key that a token was signed with. */
export type FindKey = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

/** Keys are taken for good so long, unless a token names one that is not there. */
const freshMs = 10 * 60_000;

/** A key that nobody knows sends us to the issuer once in this time: anybody can name one. */
const cooldownMs = 30_000;

/** While the issuer cannot be reached, what it said last is believed for so long. */
const staleMs = 60 * 60_000;

const mostKeys = 100;

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(mostKeys) });

/** Reads a JSON Web Key Set (RFC 7517 §5). Fails with `issuer-invalid`; `what` names it in the message. */
export function readKeySet(value: unknown, what: string): FindKey {
  const parsed = keySet.safeParse(value);
  if (!parsed.success || parsed.data.keys.some((key) => key.kty === 'oct' || 'd' in key)) {
    throw new RegistryError(
      'issuer-invalid',
      `${what}: expected a JSON Web Key Set of at most ${mostKeys} public keys.`,
    );
  }
  return createLocalJWKSet(parsed.data as JSONWebKeySet);
}

/** The keys of one issuer: fetched when they are needed, kept for a while, fetched anew when it signs with a new one. */
export interface KeySource {
  readonly getKey: FindKey;
}

export function createKeySource(fetchKeys: () => Promise<FindKey>, clock: Clock): KeySource {
  let keys: FindKey | undefined;
  let fetchedAt = 0;
  let triedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<FindKey> | undefined;

  function refresh(): Promise<FindKey> {
    triedAt = clock();
    fetching ??= fetchKeys()
      .then((fetched) => {
        keys = fetched;
        fetchedAt = clock();
        return fetched;
      })
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  }

  async function current(): Promise<FindKey> {
    const age = clock() - fetchedAt;
    if (keys !== undefined && age < freshMs) return keys;
    const mayWait = keys !== undefined && age < staleMs;
    if (mayWait && clock() - triedAt < cooldownMs && fetching === undefined) return keys as FindKey;
    try {
      return await refresh();
    } catch (error) {
      if (mayWait) return keys as FindKey;
      throw error;
    }
  }

  return {
    async getKey(header, token) {
      const known = await current();
      try {
        return await known(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || clock() - triedAt < cooldownMs) throw error;
        return (await refresh())(header, token);
      }
    },
  };
}
