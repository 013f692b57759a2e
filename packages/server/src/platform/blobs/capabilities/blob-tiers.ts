import type { BlobLocation, BlobStore } from '#platform/blobs';

/** Near and dear, or far and cheap. */
export type Tier = 'hot' | 'cold';

/** A store that is made of two. New content comes into the hot one; a location tells in which its bytes lie. */
export interface BlobTiers {
  tierOf(location: BlobLocation): Tier;
  /** One of the two, as a store whose locations are those of the whole. Disposed of with the whole. */
  readonly tiers: Readonly<Record<Tier, BlobStore>>;
}

export function isBlobTiers(store: Pick<BlobStore, 'description'>): store is BlobStore & BlobTiers {
  return 'tiers' in store && 'tierOf' in store;
}

/** A store whose bytes may have to be fetched from an archive before they can be read. */
export interface BlobArchive {
  /**
   * Whether a read would be refused now: it starts the fetching and fails with `unavailable`, with `detail.archived` and
   * the time after which to try again. Asking starts nothing.
   */
  isArchived(location: BlobLocation): Promise<boolean>;
  /** Whether what is stored from now on goes to an archive at once, so that it cannot be read back to be verified. */
  archivesAt(location: BlobLocation): boolean;
}

export function isBlobArchive(store: Pick<BlobStore, 'description'>): store is BlobStore & BlobArchive {
  return 'isArchived' in store && typeof store.isArchived === 'function';
}
