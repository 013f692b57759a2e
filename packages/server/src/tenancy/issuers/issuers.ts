import { type CryptoKey, decodeJwt, errors, type JWTVerifyOptions, type JWTVerifyResult, jwtVerify } from 'jose';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import { createLru } from '#platform/cache';
import type { GuardedRequest } from '#platform/outbound';
import { discover, parseJson } from './discovery.ts';
import { createKeySource, type FindKey, type KeySource, readKeySet } from './key-source.ts';
import type { IssuerAddress, IssuerMetadata, TokenClaims, TokenExpectations } from './types.ts';

export interface Issuers {
  /** What the issuer says of itself, at most an hour old. Fails as `discover` does. */
  find(address: IssuerAddress): Promise<IssuerMetadata>;
  /** The same without anything remembered. */
  ping(address: IssuerAddress): Promise<IssuerMetadata>;
  /**
   * Checks a signed token of the issuer: signature, `iss`, `aud`, `azp`, `exp`, `nbf`, `iat` and the expected lifetime.
   * Fails with `unauthorized` for a token that is not good, and as `find` does when the issuer cannot be asked.
   */
  verify(token: string, address: IssuerAddress, expected: TokenExpectations): Promise<TokenClaims>;
}

export interface IssuersDeps {
  readonly request: GuardedRequest;
  readonly clock: Clock;
}

/** Signatures with a key that only the issuer has. `none` and shared secrets are nobody's. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

const metadataTtlMs = 60 * 60_000;
/** An issuer that did not answer is asked again after this: everybody who wants in would wait for it. */
const retryMs = 10_000;
const skewSeconds = 60;
const mostIssuers = 200;

/** Longer than any token there is; a megabyte of Base64 is no token. */
const longestToken = 32_768;

/** Keys that carry no name are tried one after another, so many at most. */
const mostTries = 4;

interface KnownIssuer {
  readonly metadata: Promise<IssuerMetadata>;
  until: number;
  readonly keys: KeySource;
}

export function createIssuers({ request, clock }: IssuersDeps): Issuers {
  const known = createLru<KnownIssuer>({ capacity: mostIssuers });
  const given = createLru<FindKey>({ capacity: mostIssuers });

  function openIssuer(address: IssuerAddress): KnownIssuer {
    const key = `${address.insecure === true} ${address.issuer}`;
    const held = known.get(key);
    if (held !== undefined && held.until > clock()) return held;
    const opened: KnownIssuer = {
      until: clock() + metadataTtlMs,
      metadata: discover(request, address).catch((error: unknown) => {
        opened.until = clock() + retryMs;
        // What the issuer said before is better than nothing while it is away.
        const away = error instanceof RegistryError && error.code === 'target-unreachable';
        if (held !== undefined && away) return held.metadata;
        throw error;
      }),
      keys:
        held?.keys ??
        createKeySource(async () => {
          const { jwksUri } = await openIssuer(address).metadata;
          return fetchKeySet(request, jwksUri, address);
        }, clock),
    };
    // Whoever asked is told; that nobody may be asking is no fault.
    opened.metadata.catch(() => undefined);
    known.set(key, opened);
    return opened;
  }

  function givenKeys(jwks: string): FindKey {
    const keys = given.get(jwks) ?? readKeySet(parseJson(Buffer.from(jwks)), 'jwks');
    given.set(jwks, keys);
    return keys;
  }

  return {
    find: (address) => openIssuer(address).metadata,
    ping: (address) => discover(request, address),
    async verify(token, address, { audience, forClient = false, jwks, maxLifetimeMs }) {
      if (token.length > longestToken) throw refused('it is too long');
      const issuer = jwks === undefined ? openIssuer(address) : undefined;
      const name = issuer === undefined ? address.issuer : (await issuer.metadata).issuer;
      const keys = issuer === undefined ? givenKeys(jwks ?? '') : issuer.keys.getKey;
      const options: JWTVerifyOptions = {
        algorithms,
        issuer: name,
        audience,
        clockTolerance: skewSeconds,
        currentDate: new Date(clock()),
        requiredClaims: ['exp', 'sub', ...(maxLifetimeMs === undefined ? [] : ['iat'])],
      };
      const { payload } = await verifyWithAny(token, keys, options);
      if (forClient) assertMeantFor(payload, audience);
      const { exp = 0, iat = 0 } = payload;
      if (iat > clock() / 1000 + skewSeconds) throw refused('it was made in the future');
      if (maxLifetimeMs !== undefined && (exp - iat) * 1000 > maxLifetimeMs) throw refused('it is good for too long');
      return payload;
    },
  };
}

/** Who a token says it comes from and is for, unchecked: to find out whose keys to ask for. Undefined for no token. */
export function peek(token: string): { readonly issuer: string; readonly audiences: readonly string[] } | undefined {
  if (token.length > longestToken || token.split('.').length !== 3) return undefined;
  try {
    const { iss, aud } = decodeJwt(token);
    if (typeof iss !== 'string') return undefined;
    return { issuer: iss, audiences: [aud ?? []].flat().filter((one) => typeof one === 'string') };
  } catch {
    return undefined;
  }
}

async function verifyWithAny(token: string, keys: FindKey, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keys, options);
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw refused('it is not valid', error);
    let tries = 0;
    for await (const key of error as AsyncIterable<CryptoKey>) {
      if (++tries > mostTries) break;
      try {
        return await jwtVerify(token, key, options);
      } catch (cause) {
        if (!(cause instanceof errors.JWSSignatureVerificationFailed)) throw refused('it is not valid', cause);
      }
    }
    throw refused('it is not valid', error);
  }
}

/** OpenID Connect Core 1.0 §3.1.3.7: of a token for several the authorized party counts, and a party that is named must be it. */
function assertMeantFor({ aud, azp }: TokenClaims, audience: string): void {
  if (azp !== undefined && azp !== audience) throw refused('it was made for another client');
  if (Array.isArray(aud) && aud.length > 1 && azp === undefined)
    throw refused('it was made for several, and names none');
}

async function fetchKeySet(
  request: GuardedRequest,
  url: string,
  { insecure = false }: IssuerAddress,
): Promise<FindKey> {
  const answer = await request({ url, field: 'jwks_uri', headers: { accept: 'application/json' }, insecure });
  if (answer.status !== 200) {
    throw new RegistryError('issuer-invalid', `The issuer answered with ${answer.status} when asked for its keys.`);
  }
  return readKeySet(parseJson(answer.body), 'jwks_uri');
}

function refused(why: string, cause?: unknown): RegistryError {
  return new RegistryError('unauthorized', `The token is not accepted: ${why}.`, { cause });
}
