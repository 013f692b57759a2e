import type { Digest } from '@entrepot/oci/digest';
import type { BlobLocation } from '#platform/blobs';

/** When a blob is to lie in the cold tier. */
export interface TieringPolicy {
  readonly enabled: boolean;
  /** Since nobody used it, in milliseconds. */
  readonly afterMs: number;
  /** Smaller ones stay, in bytes. */
  readonly minSize: number;
}

/** What a project wants otherwise; undefined is as in the whole registry. */
export interface ProjectTiering {
  readonly enabled: boolean;
  readonly afterMs: number | undefined;
  readonly minSize: number | undefined;
}

/** A blob that may be moved. */
export interface MovableBlob {
  readonly id: number;
  readonly digest: Digest;
  readonly size: number;
  readonly location: BlobLocation;
}

/** A blob of the hot tier with what decides whether it stays there. */
export interface Candidate extends MovableBlob {
  /** When somebody last pulled what needs it, pushed it or relied on it. */
  readonly usedAt: number;
  /** Projects that hold it. */
  readonly projectIds: readonly number[];
}

export interface TierFigures {
  readonly blobs: number;
  readonly bytes: number;
}
