import { hash, randomBytes } from 'node:crypto';

/**
 * Makes keys for caches of credentials: the same secret gives the same key in this process only, and a dump of the
 * cache gives nobody the secret.
 */
export function createSecretDigest(): (secret: string) => string {
  const salt = randomBytes(32).toString('base64');
  return (secret) => hash('sha256', salt + secret, 'base64');
}
