import { createHash } from 'node:crypto';
import { type Digest, type DigestAlgorithm, digestAlgorithm, toDigest } from '#src/digest';

/** The digest of bytes in memory. Never fails. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return toDigest(algorithm, createHash(algorithm).update(bytes).digest('hex'));
}

/** True when the bytes have the digest, by the algorithm that the digest names. Never fails. */
export function hasDigest(bytes: Uint8Array, digest: Digest): boolean {
  return digestOf(bytes, digestAlgorithm(digest)) === digest;
}
