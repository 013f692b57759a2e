import type { BlobLocation } from '#platform/blobs';

/** A reason to look at a blob: a repository may have no use for it any more, or (repository 0) nobody at all. */
export interface Review {
  /** Since when it is as it is, by the database's clock. */
  readonly at: number;
  readonly blobId: number;
  readonly repositoryId: number;
}

/** What a collection would do with a reviewed blob now. */
export type Verdict =
  /** The repository holds it and no manifest there needs it. */
  | 'unlink'
  /** Nothing in the registry refers to it. */
  | 'condemn'
  /** Somebody relied on it within the grace, or its repository is pinned: to be looked at again. */
  | 'later'
  /** It is needed, or not there any more. */
  | 'keep';

export interface JudgedReview extends Review {
  readonly verdict: Verdict;
  readonly digest: string | undefined;
  readonly size: number;
  /** The repository's name; undefined for the blob as such. */
  readonly repository: string | undefined;
}

/** A blob that waits for its removal. */
export interface CondemnedBlob {
  readonly id: number;
  readonly digest: string;
  readonly size: number;
  readonly condemnedAt: number;
}

/** Bytes that no row names any more. */
export interface TrashedBytes {
  readonly id: number;
  readonly location: BlobLocation;
  readonly digest: string;
  readonly size: number;
}

/** A manifest that nothing holds. */
export interface UnheldManifest {
  readonly manifestId: number;
  readonly projectId: number;
  readonly projectName: string;
  readonly repository: string;
  readonly digest: string;
  readonly size: number;
}

/** How much of something. */
export interface Amount {
  readonly count: number;
  readonly bytes: number;
}
