import { type BlobLocation, type BlobRedirector, type BlobStore, isBlobRedirector } from '#platform/blobs';
import {
  type BlobArchive,
  type BlobWalker,
  isBlobArchive,
  isBlobWalker,
  type WalkedBlob,
} from '#platform/blobs/capabilities';

/** How the locations of the cold tier begin. No other location has a colon. */
export const coldPrefix = 'cold:';

/** A store whose locations say that they are of the cold tier. */
export function createColdTier(far: BlobStore): {
  readonly store: BlobStore & BlobArchive & BlobRedirector & Partial<BlobWalker>;
  holds(location: BlobLocation): boolean;
} {
  const inner = (location: BlobLocation) => location.slice(coldPrefix.length) as BlobLocation;
  const outer = (location: BlobLocation) => `${coldPrefix}${location}` as BlobLocation;

  async function* walk(walker: BlobWalker): AsyncGenerator<WalkedBlob> {
    for await (const found of walker.walk()) yield { ...found, location: outer(found.location) };
  }

  const store = {
    description: far.description,
    stat: (location: BlobLocation) => far.stat(inner(location)),
    open: (location, range) => far.open(inner(location), range),
    create: (id) => far.create(id),
    append: (...args) => far.append(...args),
    commit: async (...args) => outer(await far.commit(...args)),
    cancel: (...args) => far.cancel(...args),
    delete: (location) => far.delete(inner(location)),
    probe: (signal) => far.probe(signal),
    async redirect(location, headers) {
      return isBlobRedirector(far) ? far.redirect(inner(location), headers) : undefined;
    },
    isArchived: async (location) => isBlobArchive(far) && (await far.isArchived(inner(location))),
    archivesAt: (location) => isBlobArchive(far) && far.archivesAt(inner(location)),
    ...(isBlobWalker(far) ? { walk: () => walk(far) } : {}),
    [Symbol.asyncDispose]: () => far[Symbol.asyncDispose](),
  } satisfies BlobStore & BlobArchive & BlobRedirector & Partial<BlobWalker>;

  return { store, holds: (location) => location.startsWith(coldPrefix) };
}
