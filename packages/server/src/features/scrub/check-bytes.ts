import { createHash } from 'node:crypto';
import { type Digest, digestAlgorithm, toDigest } from '@entrepot/oci/digest';
import { RegistryError } from '#kernel/errors';
import type { BlobLocation, BlobStore } from '#platform/blobs';
import { isBlobArchive } from '#platform/blobs/capabilities';
import type { Pace } from '#platform/pace';
import type { Finding } from './types.ts';

export interface Expected {
  readonly digest: Digest;
  readonly size: number;
  readonly location: BlobLocation;
}

export interface CheckOptions {
  readonly pace: Pace;
  readonly signal: AbortSignal;
  readonly onBytes?: (count: number) => void;
}

/**
 * Reads the bytes at a location to their end and holds them against digest and size. Rejects only with the signal's
 * reason: what the store fails with is a finding.
 */
export async function checkBytes(bytes: BlobStore, expected: Expected, options: CheckOptions): Promise<Finding> {
  const { pace, signal, onBytes } = options;
  const algorithm = digestAlgorithm(expected.digest);
  const hash = createHash(algorithm);
  let size = 0;
  try {
    // To open it would have it fetched, which costs and takes hours.
    if (isBlobArchive(bytes) && (await bytes.isArchived(expected.location))) return lookFromOutside(bytes, expected);
    for await (const chunk of await bytes.open(expected.location)) {
      const read = chunk as Buffer;
      hash.update(read);
      size += read.length;
      onBytes?.(read.length);
      await pace.spend(read.length, signal);
    }
  } catch (error) {
    signal.throwIfAborted();
    return judge(error);
  }
  const actual = toDigest(algorithm, hash.digest('hex'));
  if (actual === expected.digest && size === expected.size) return { kind: 'sound' };
  return { kind: 'damaged', reason: size === expected.size ? 'bytes' : 'size', actual };
}

async function lookFromOutside(bytes: BlobStore, { location, size }: Expected): Promise<Finding> {
  const found = await bytes.stat(location);
  if (found === undefined) return { kind: 'damaged', reason: 'missing' };
  return found.size === size ? { kind: 'archived' } : { kind: 'damaged', reason: 'size' };
}

/** A disk that cannot read a block, as opposed to a store that is away. */
const unreadable: ReadonlySet<unknown> = new Set(['EIO', 'EUCLEAN', 'EBADMSG']);

function judge(error: unknown): Finding {
  if (error instanceof RegistryError) {
    if (error.code === 'blob-not-found') return { kind: 'damaged', reason: 'missing' };
    if ((error.detail as { archived?: unknown } | undefined)?.archived === true) return { kind: 'archived' };
    const { cause } = error;
    if (error.code === 'storage-failed' && cause instanceof Error && 'code' in cause && unreadable.has(cause.code)) {
      return { kind: 'damaged', reason: 'unreadable' };
    }
  }
  return { kind: 'unknown', error };
}
