import {
  createInspect,
  createOrphans,
  createRepair,
  createScrub,
  createScrubReadModel,
  createScrubStore,
  scrubRoutes,
} from '#features/scrub';
import { createMover, createTiering, createTieringStore, tieringRoutes } from '#features/tiering';
import type { BlobLocation } from '#platform/blobs';
import { isBlobTiers } from '#platform/blobs/capabilities';
import { coldPrefix } from '#platform/blobs/tiered';
import type { ManagedRoute } from '#platform/http/management';
import type { JobHandler } from '#platform/jobs';
import { createMarks, type Marks } from '#platform/marks';
import type { RepairSource } from '#registry/ports/repair';
import type { Digest } from '@entrepot/oci/digest';
import type { Basis } from './basis.ts';

/** What keeps the bytes of the store as they should be. */
export interface StorageCare {
  readonly routes: readonly ManagedRoute[];
  readonly handlers: readonly JobHandler[];
  /** Has a blob looked at that somebody could not read as it should be. */
  readonly onSuspect: (digest: Digest) => void;
  /** Has a blob that is read from far away moved nearer. */
  readonly onRead: (digest: Digest, location: BlobLocation) => void;
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
  const marks = createMarks(db);
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
      marks,
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
  const tiering = stack.use(
    composeTiering({ config, log, clock, newId, db, transact, bytes, jobs, audit }, marks, scrub.suspect),
  );
  metrics.gauge(
    'entrepot_tiering_cooled_blobs',
    'Blobs that this process moved to the cold tier.',
    () => tiering.figures.cooled,
  );
  metrics.gauge(
    'entrepot_tiering_promoted_blobs',
    'Blobs that this process moved back to the hot tier.',
    () => tiering.figures.promoted,
  );
  metrics.gauge(
    'entrepot_tiering_moved_bytes',
    'Bytes that this process moved between the tiers.',
    () => tiering.figures.bytes,
  );
  const sizes = remember(async () => (await tiering.report()).tiers, clock);
  for (const tier of ['hot', 'cold'] as const) {
    metrics.gauge(
      `entrepot_blobs_${tier}_bytes`,
      `Bytes of blobs in the ${tier} tier.`,
      async () => (await sizes()).find((each) => each.tier === tier)?.bytes ?? 0,
      'max',
    );
  }
  return {
    routes: [...scrubRoutes({ scrub }), ...tieringRoutes({ tiering })],
    handlers: [...scrub.handlers, ...tiering.handlers],
    onSuspect: scrub.suspect,
    onRead: tiering.noteRead,
    careRegularly() {
      const ends = [scrub.repeat(), tiering.repeat()];
      return () => {
        for (const end of ends) end();
      };
    },
  };
}

type TieringBasis = Pick<Basis, 'config' | 'log' | 'clock' | 'newId' | 'db' | 'transact' | 'bytes' | 'jobs' | 'audit'>;

function composeTiering(
  { config, log, clock, newId, db, transact, bytes, jobs, audit }: TieringBasis,
  marks: Marks,
  onSuspect: (digest: Digest) => void,
) {
  const { tiering } = config;
  const store = createTieringStore(db, coldPrefix);
  const { trashMs } = config.gc;
  const { keepHotMs } = tiering;
  const move = isBlobTiers(bytes)
    ? createMover({ store, bytes, transact, clock, newId, trashMs, keepHotMs, onSuspect })
    : undefined;
  return createTiering({
    store,
    bytes,
    move,
    marks,
    jobs,
    transact,
    audit,
    clock,
    logger: log.forPlace('features:tiering'),
    policy: { enabled: true, ...tiering },
    intervalMs: tiering.intervalMs,
    rate: tiering.rate,
  });
}

/** Every row is counted for it: not for each who asks. */
const rememberMs = 300_000;

function remember<T>(read: () => Promise<T>, clock: () => number): () => Promise<T> {
  let known: { readonly at: number; readonly value: Promise<T> } | undefined;
  return () => {
    if (known === undefined || clock() - known.at > rememberMs) known = { at: clock(), value: read() };
    const { value } = known;
    value.catch(() => {
      known = undefined;
    });
    return value;
  };
}
