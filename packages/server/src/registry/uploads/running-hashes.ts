import { createHash, type Hash } from 'node:crypto';
import { type Digest, type DigestAlgorithm, toDigest } from '@entrepot/oci/digest';
import { createLru } from '#platform/cache';

/** The hash of an upload's first `size` bytes, kept between its requests. */
export interface RunningHash {
  readonly algorithm: DigestAlgorithm;
  size: number;
  readonly hash: Hash;
}

/**
 * Hashes of uploads under way in this process. Node cannot store the state of a hash, so an upload that is continued
 * elsewhere, or after a restart, finds none here and its bytes are read again at the end.
 */
export interface RunningHashes {
  /** Takes the hash of exactly so many bytes out of the store, or starts one when there are none yet. */
  take(id: string, algorithm: DigestAlgorithm, size: number): RunningHash | undefined;
  put(id: string, running: RunningHash): void;
  forget(id: string): void;
}

const mostKept = 10_000;

export function createRunningHashes(): RunningHashes {
  const kept = createLru<RunningHash>({ capacity: mostKept });
  return {
    take(id, algorithm, size) {
      const running = kept.get(id);
      kept.delete(id);
      if (running !== undefined && running.size === size && running.algorithm === algorithm) return running;
      return size === 0 ? { algorithm, size: 0, hash: createHash(algorithm) } : undefined;
    },
    put: (id, running) => kept.set(id, running),
    forget: (id) => kept.delete(id),
  };
}

/** The digest of what was hashed so far; the hash is spent. */
export function finishHash(running: RunningHash): Digest {
  return toDigest(running.algorithm, running.hash.digest('hex'));
}
