import type { Digest } from '@entrepot/oci/digest';
import type { BlobLocation } from '#platform/blobs';

/** A blob as the scrub looks at it. */
export interface Kept {
  readonly id: number;
  readonly digest: Digest;
  readonly size: number;
  readonly location: BlobLocation;
}

export type DamageReason = 'missing' | 'size' | 'bytes' | 'unreadable';

/** What a look at bytes says. */
export type Finding =
  | { readonly kind: 'sound' }
  /** It is there, in its size, and cannot be read without being fetched from an archive first. */
  | { readonly kind: 'archived' }
  | {
      readonly kind: 'damaged';
      readonly reason: DamageReason;
      /** The digest of what lies there, where all of it was read. */
      readonly actual?: Digest;
    }
  /** The store did not answer: nothing is known. */
  | { readonly kind: 'unknown'; readonly error: unknown };

export type Damage = Extract<Finding, { readonly kind: 'damaged' }>;

/** What was found wrong, as it is kept. */
export interface KnownDamage {
  readonly id: number;
  readonly kind: 'blob' | 'manifest';
  readonly digest: Digest;
  readonly size: number;
  readonly reason: DamageReason;
  readonly foundAt: number;
  readonly mendedAt: number | undefined;
  readonly mendedBy: string | undefined;
}

/** What a pass did so far. */
export interface PassTally {
  blobs: number;
  bytes: number;
  manifests: number;
  /** Found wrong in this pass. */
  damaged: number;
  /** Made right in this pass, whenever it was found wrong. */
  repaired: number;
  /** In an archive: looked at from outside only. */
  archived: number;
  /** The store did not answer for them. */
  unknown: number;
  orphans: number;
  orphanBytes: number;
}

export const emptyTally = (): PassTally => ({
  blobs: 0,
  bytes: 0,
  manifests: 0,
  damaged: 0,
  repaired: 0,
  archived: 0,
  unknown: 0,
  orphans: 0,
  orphanBytes: 0,
});
