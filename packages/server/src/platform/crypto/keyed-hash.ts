import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * A quick hash for secrets that machines send with every request. Its key lies outside the database, so that a copy of
 * the database is no help in guessing, however weak the secret; people's passwords get a slow hash all the same.
 */
export interface KeyedHash {
  /** The hash of a secret in a context, such as `robot/7`: the same secret elsewhere has another hash. */
  of(secret: string, context: string): string;
  /** Whether the secret has the hash; takes as long for a near miss as for a far one. */
  matches(secret: string, context: string, hash: string): boolean;
}

/** HMAC-SHA-256 (RFC 2104) under a key of 32 bytes. */
export function createKeyedHash(key: Uint8Array): KeyedHash {
  const hashOf = (secret: string, context: string) =>
    createHmac('sha256', key).update(context).update('\0').update(secret).digest();
  return {
    of: (secret, context) => hashOf(secret, context).toString('base64url'),
    matches(secret, context, hash) {
      const given = hashOf(secret, context);
      const known = Buffer.from(hash, 'base64url');
      return known.length === given.length && timingSafeEqual(given, known);
    },
  };
}
