import {
  type BlobAdopter,
  type BlobLocation,
  type BlobRedirector,
  type BlobStore,
  isBlobAdopter,
  isBlobRedirector,
} from '#platform/blobs';
import {
  type BlobArchive,
  type BlobTiers,
  type BlobWalker,
  isBlobArchive,
  isBlobWalker,
} from '#platform/blobs/capabilities';
import { createColdTier } from './cold-tier.ts';

export { coldPrefix } from './cold-tier.ts';

export type TieredBlobs = BlobStore & BlobTiers & BlobArchive & BlobRedirector & Partial<BlobWalker & BlobAdopter>;

/**
 * Two stores as one. What lies in the hot one keeps the locations that it has there, so that a store gets a second tier
 * without a change to what it holds; those of the cold one begin with `cold:`. Uploads are staged in the hot one. It can
 * be listed where both can, and takes over files where the hot one does. Its probe asks the hot one alone: a registry
 * whose cold tier is away still serves and takes nearly everything.
 */
export function createTieredBlobs({
  hot,
  cold: far,
}: {
  readonly hot: BlobStore;
  readonly cold: BlobStore;
}): TieredBlobs {
  const cold = createColdTier(far);
  const tierOf: BlobTiers['tierOf'] = (location) => (cold.holds(location) ? 'cold' : 'hot');
  const storeOf = (location: BlobLocation): BlobStore => (cold.holds(location) ? cold.store : hot);

  async function* walk() {
    for (const tier of [hot, cold.store]) if (isBlobWalker(tier)) yield* tier.walk();
  }

  return {
    description: `${hot.description}, cold ${far.description}`,
    tiers: { hot, cold: cold.store },
    tierOf,
    stat: (location) => storeOf(location).stat(location),
    open: (location, range) => storeOf(location).open(location, range),
    create: (id) => hot.create(id),
    append: (...args) => hot.append(...args),
    commit: (...args) => hot.commit(...args),
    cancel: (...args) => hot.cancel(...args),
    delete: (location) => storeOf(location).delete(location),
    probe: (signal) => hot.probe(signal),
    async redirect(location, headers) {
      const store = storeOf(location);
      // A client that is sent to an archive is told by the archive, which does not start the fetching.
      if (!isBlobRedirector(store) || (isBlobArchive(store) && store.archivesAt(location))) return undefined;
      return store.redirect(location, headers);
    },
    async isArchived(location) {
      const store = storeOf(location);
      return isBlobArchive(store) && (await store.isArchived(location));
    },
    archivesAt(location) {
      const store = storeOf(location);
      return isBlobArchive(store) && store.archivesAt(location);
    },
    ...(isBlobWalker(hot) && isBlobWalker(far) ? { walk } : {}),
    ...(isBlobAdopter(hot)
      ? {
          reserve: (digest) => hot.reserve(digest),
          adopt: (...args) => hot.adopt(...args),
          settle: (locations) => hot.settle(locations),
        }
      : {}),
    async [Symbol.asyncDispose]() {
      await cold.store[Symbol.asyncDispose]();
      await hot[Symbol.asyncDispose]();
    },
  };
}
