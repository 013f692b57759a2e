import {
  collectionRoutes,
  createCollection,
  createCollectionHandler,
  createCollections,
} from '#features/garbage-collection';
import { RegistryError } from '#kernel/errors';
import { registryAsker } from '#kernel/registry-asker';
import type { ManagedRoute } from '#platform/http/management';
import type { JobHandler } from '#platform/jobs';
import { createCollectionStore, type UnheldManifest } from '#registry/collection';
import { createExpiredStore } from '#registry/collection/expired';
import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { People } from './people.ts';
import type { Basis } from './basis.ts';
import type { composeDataPlane } from './data-plane.ts';

/** What takes away what nobody needs. */
export interface CollectionPart {
  readonly routes: readonly ManagedRoute[];
  readonly handler: JobHandler;
  /** Looks for work now and then; answers with how to stop. One process of a server does. */
  collectRegularly(): () => void;
}

type Plane = ReturnType<typeof composeDataPlane>;

export function composeCollection(
  { config, log, clock, db, transact, bytes, jobs, audit, metrics }: Basis,
  { projects }: Pick<People, 'projects'>,
  { upkeep }: Pick<Plane, 'upkeep'>,
): CollectionPart {
  const logger = log.forPlace('features:garbage-collection');
  const asker = registryAsker('garbage-collection');
  const store = createCollectionStore(db, clock);

  async function deleteUnheld({ manifestId, projectName, repository, digest }: UnheldManifest): Promise<boolean> {
    const project = await projects.find(projectName, true);
    if (project === undefined) return false;
    try {
      await upkeep.deleteWhole(asker, project, repository as RepositoryName, digest as Digest, {
        tags: [],
        // Each has a grace of its own from here on: somebody may have pushed it again for another index.
        partsStay: true,
        still: (tx) => store.isUnheld(tx, manifestId, config.gc.graceMs),
      });
      return true;
    } catch (error) {
      // Held again, or gone already, since it was found.
      if (error instanceof RegistryError && heldAgain.has(error.code)) return false;
      throw error;
    }
  }

  const expired = createExpiredStore(db, clock);
  const collection = createCollection({
    store,
    bytes,
    transact,
    ages: config.gc,
    expireDeletions: (limit) => transact((tx) => expired.expire(tx, limit)),
    deleteUnheld,
    onKept: (error) => logger.warn({ error }, 'The store did not give bytes back; the next collection tries again.'),
  });
  const collections = createCollections({ collection, jobs, transact, audit, untagged: config.gc.untagged });
  let freed = 0;
  let removed = 0;
  metrics.gauge(
    'entrepot_gc_freed_bytes',
    'Bytes that collections by this process gave back to the store.',
    () => freed,
  );
  metrics.gauge('entrepot_gc_removed_blobs', 'Blobs that collections by this process removed.', () => removed);
  return {
    routes: collectionRoutes({ collections }),
    handler: createCollectionHandler(collection, (collected) => {
      freed += collected.freed.bytes;
      removed += collected.removed.count;
    }),
    collectRegularly() {
      const { intervalMs } = config.gc;
      if (intervalMs === 0) return () => undefined;
      const look = () =>
        collections.startIfDue().catch((error: unknown) => {
          logger.warn({ error }, 'A collection could not be started; the next round tries again.');
        });
      // A timer counts to 2^31 ms.
      const timer = setInterval(() => void look(), Math.min(intervalMs, 2 ** 31 - 1));
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

const heldAgain: ReadonlySet<string> = new Set([
  'precondition-failed',
  'manifest-not-found',
  'repository-not-found',
  'tag-immutable',
]);
