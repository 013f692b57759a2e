import type { BlobLocation, BlobStore } from '#platform/blobs';

/** Bytes that lie in a store, whether or not anybody knows of them. */
export interface WalkedBlob {
  readonly location: BlobLocation;
  readonly size: number;
  /** When they came to lie there, in milliseconds since the Unix epoch, by the clock of the store. */
  readonly modifiedAt: number;
}

/** A store that can list what lies in it under final names, in no order. Costs a look at every one. */
export interface BlobWalker {
  /**
   * Everything that lay there from the beginning of the walk to its end; what comes or goes meanwhile may be in it or
   * not. In a store that stages where it stores, complete objects of uploads under way are in it. Fails with
   * `storage-failed` or `unavailable`.
   */
  walk(): AsyncIterable<WalkedBlob>;
}

export function isBlobWalker(store: Pick<BlobStore, 'description'>): store is BlobStore & BlobWalker {
  return 'walk' in store && typeof store.walk === 'function';
}
