import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { Transact } from '#kernel/transaction';
import type { BlobStore } from '#platform/blobs';
import { isBlobTiers } from '#platform/blobs/capabilities';
import type { Logger } from '#platform/log';
import type { Audit } from '#tenancy/audit';
import { checkBytes, type CheckOptions } from './check-bytes.ts';
import type { ScrubStore } from './store.ts';
import type { Finding, Kept } from './types.ts';

export interface QuarantineDeps {
  readonly store: ScrubStore;
  readonly bytes: BlobStore;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'error'>;
}

/**
 * Looks at a blob and takes it out of use when it is damaged: what looks so is read a second time, the store must be
 * well, and the blob must still lie where it was read. Answers what is true in the end.
 */
export type Inspect = (asker: Asker, blob: Kept, options: CheckOptions) => Promise<Finding>;

export function createInspect({ store, bytes, transact, audit, clock, logger }: QuarantineDeps): Inspect {
  return async (asker, blob, options) => {
    const first = await checkBytes(bytes, blob, options);
    if (first.kind !== 'damaged') return first;
    try {
      // Where a whole store is away every blob is missing.
      const part = isBlobTiers(bytes) ? bytes.tiers[bytes.tierOf(blob.location)] : bytes;
      await part.probe(options.signal);
    } catch (error) {
      options.signal.throwIfAborted();
      return { kind: 'unknown', error };
    }
    const again = await checkBytes(bytes, blob, options);
    if (again.kind !== 'damaged') return again;
    const taken = await transact(async (tx) => {
      if (!(await store.quarantine(tx, blob, again, clock()))) return false;
      await audit.write(tx, {
        action: 'quarantine-content',
        asker,
        resource: blob.digest,
        digest: blob.digest,
        outcome: 'success',
        detail: { reason: again.reason, size: blob.size },
      });
      return true;
    });
    // It was moved, mended or removed meanwhile: what lay there does not matter any more.
    if (!taken) return { kind: 'sound' };
    logger.error(
      { digest: blob.digest, reason: again.reason },
      'The bytes of a blob are damaged; nobody gets them until they are mended.',
    );
    return again;
  };
}
