import {
  createInspect,
  createOrphans,
  createRepair,
  createScrub,
  createScrubReadModel,
  createScrubStore,
  scrubRoutes,
} from '#features/scrub';
import type { ManagedRoute } from '#platform/http/management';
import type { JobHandler } from '#platform/jobs';
import type { RepairSource } from '#registry/ports';
import type { Digest } from '@entrepot/oci/digest';
import type { Basis } from './basis.ts';

/** What keeps the bytes of the store as they should be. */
export interface StorageCare {
  readonly routes: readonly ManagedRoute[];
  readonly handlers: readonly JobHandler[];
  /** Has a blob looked at that somebody could not read as it should be. */
  readonly onSuspect: (digest: Digest) => void;
  /** One process of a server does; answers with how to stop. */
  careRegularly(): () => void;
}

/** A file younger than this may be about to be named, however short the grace. */
const youngestOrphanMs = 86_400_000;

export function composeStorageCare(
  { config, log, clock, newId, db, transact, bytes, jobs, audit, metrics }: Basis,
  sources: readonly RepairSource[],
  stack: AsyncDisposableStack,
): StorageCare {
  const logger = log.forPlace('features:scrub');
  const store = createScrubStore(db);
  const readModel = createScrubReadModel(db);
  const graceMs = Math.max(youngestOrphanMs, config.gc.graceMs);
  const scrub = stack.use(
    createScrub({
      pass: {
        store,
        inspect: createInspect({ store, bytes, transact, audit, clock, logger }),
        repair: createRepair({ store, bytes, sources, transact, audit, clock, newId }),
        orphans: createOrphans({ store, bytes, transact, audit, clock, graceMs }),
        transact,
        audit,
        clock,
        logger,
      },
      readModel,
      jobs,
      transact,
      audit,
      clock,
      logger,
      periodMs: config.scrub.periodMs,
      rate: config.scrub.rate,
    }),
  );
  metrics.gauge(
    'entrepot_blob_corrupt_total',
    'Blobs and manifests that were ever found damaged.',
    async () => (await readModel.countDamages()).found,
    'max',
  );
  metrics.gauge(
    'entrepot_blob_corrupt',
    'Blobs and manifests that are damaged now.',
    async () => {
      const { found, mended } = await readModel.countDamages();
      return found - mended;
    },
    'max',
  );
  return {
    routes: scrubRoutes({ scrub }),
    handlers: scrub.handlers,
    onSuspect: scrub.suspect,
    careRegularly: scrub.repeat,
  };
}
