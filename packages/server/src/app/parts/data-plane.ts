import type { Digest } from '@entrepot/oci/digest';
import type { BlobLocation } from '#platform/blobs';
import type { Config } from '#platform/config';
import type { Log } from '#platform/log';
import { type BlobRecords, createBlobRecords, createBlobs } from '#registry/blobs';
import { createDeletionStore } from '#registry/deletions';
import { createDescriber, createDescriptionStore } from '#registry/descriptions';
import { createManifestStore, createManifests } from '#registry/manifests';
import { createPullStore, createPullTally } from '#registry/pulls';
import { createPushGate, type PushPolicy, type TagPolicy } from '#registry/ports';
import { createReferrerStore, createReferrers } from '#registry/referrers';
import { createRepositoryStore } from '#registry/repositories';
import {
  blobRoutes,
  createDispatch,
  type DistributionRoute,
  listRoutes,
  manifestRoutes,
  type PulledManifest,
  registryRoutes,
  uploadRoutes,
} from '#registry/routes';
import { createTagStore } from '#registry/tags';
import { createUploadStore, createUploads, type Uploads } from '#registry/uploads';
import type { ProjectUndo } from '#registry/undo/projects';
import { createTokenRoute } from '#tenancy/tokens';
import { composeArtifacts } from './artifacts.ts';
import type { Basis } from './basis.ts';
import type { People } from './people.ts';
import { composeUndo } from './undo.ts';

export interface DataPlaneOptions {
  readonly acceptsUploads: () => boolean;
  /** Told of every manifest that was given out. It costs the pull nothing. */
  readonly onPull: (pull: PulledManifest) => void;
  /** What has a say in pushes, in the order in which it is asked. */
  readonly pushPolicies: readonly PushPolicy[];
  readonly tagPolicy: TagPolicy;
  readonly projectUndo: ProjectUndo;
  /** Told of a blob whose bytes are not what they should be, or not there. */
  readonly onSuspect: (digest: Digest) => void;
  /** Told of a blob that is read from the store, and where it lies. */
  readonly onRead: (digest: Digest, location: BlobLocation) => void;
}

/** Often enough for a blob that is relied on never to look older than it is by much. */
const touchEvery = ({ gc }: Config) => Math.floor(gc.graceMs / 10);

/** Builds the data plane, where images come in, lie and go out, and its routes under `/v2`. */
export function composeDataPlane(
  basis: Basis,
  { access, projects, identity, tokens, doors, serviceName, signIn }: People,
  { acceptsUploads, onPull, pushPolicies, tagPolicy, onSuspect, onRead, projectUndo }: DataPlaneOptions,
  stack: AsyncDisposableStack,
) {
  const { config, log, clock, newId, db, transact, bytes, metrics, outbox, audit, isReadOnly, onFault } = basis;
  const repositories = createRepositoryStore(db);
  const records: BlobRecords = createBlobRecords(db);
  const gate = createPushGate(pushPolicies);
  const blobs = createBlobs({
    records,
    repositories,
    bytes,
    access,
    audit,
    gate,
    transact,
    clock,
    cacheBytes: config.blobs.cacheSizeBytes,
    touchEveryMs: touchEvery(config),
    onSuspect,
    onRead,
  });
  const uploadStore = createUploadStore(db);
  const uploads = createUploads({
    store: uploadStore,
    blobs: records,
    repositories,
    bytes,
    gate,
    transact,
    clock,
    newId,
    maxOpenPerOwner: config.uploads.maxOpenPerUser,
    maxOpen: config.uploads.maxOpenTotal,
    alone: config.database.kind === 'sqlite' && config.workers === 1,
  });
  const pullLog = log.forPlace('registry:pulls');
  const pulls = stack.use(
    createPullTally({
      store: createPullStore(),
      transact,
      clock,
      onError: (error) => pullLog.warn({ error }, 'Pulls could not be counted yet; they are kept and tried again.'),
    }),
  );
  const describeLog = log.forPlace('registry:descriptions');
  const describer = stack.use(
    createDescriber({
      store: createDescriptionStore(db),
      bytes,
      transact,
      onError: (error) => describeLog.warn({ error }, 'Artifacts could not be described; the next look tries again.'),
    }),
  );
  const deletions = createDeletionStore(db, { windowMs: config.undo.windowMs });
  const manifestStore = createManifestStore(db, { touchEveryMs: touchEvery(config) });
  const manifests = createManifests({
    store: manifestStore,
    deletions,
    repositories,
    audit,
    events: outbox,
    gate,
    tagPolicy,
    transact,
    clock,
    requireChildren: config.indexes.requireChildren,
    cacheBytes: config.manifests.cacheSizeBytes,
    onPushed: describer.notice,
  });
  const lists = {
    repositories,
    tags: createTagStore(db),
    referrers: createReferrers({ store: createReferrerStore(db) }),
    access,
  };
  metrics.gauge(
    'entrepot_uploads_open',
    'Uploads that are begun and not finished.',
    () => uploadStore.countOpen(),
    'max',
  );

  const distributionRoutes: DistributionRoute[] = [
    ...registryRoutes(lists),
    ...listRoutes(lists),
    ...manifestRoutes({
      manifests,
      audit,
      access,
      maxBytes: config.manifests.maxSizeBytes,
      auditPulls: config.audit.pulls,
      onPull(pull) {
        pulls.note(pull.manifestId, pull.tag);
        onPull(pull);
      },
    }),
    ...blobRoutes({ blobs }),
    ...uploadRoutes({ uploads, blobs, access, acceptsUploads }),
  ];
  const distribution = createDispatch({
    routes: distributionRoutes,
    identity,
    access,
    challenge: { kind: config.auth.challenge, service: serviceName },
    isReadOnly,
    audit,
    onFault: (error, exchange) => onFault(error, exchange.requestId),
  });
  const token = createTokenRoute({
    tokens,
    doors,
    ...signIn.tokenService,
    onFault: (error, exchange) => onFault(error, exchange.requestId),
  });
  const { routes, upkeep } = composeArtifacts({
    db,
    transact,
    clock,
    audit,
    events: outbox,
    access,
    projects,
    repositories,
    records,
    blobs,
    manifestStore,
    deletions,
    manifests,
    describer,
    gate,
    tagPolicy,
  });
  const undo = composeUndo(basis, {
    projectUndo,
    deletions,
    manifestStore,
    records,
    repositories,
    gate,
    tagPolicy,
    access,
    onPushed: describer.notice,
  });
  return {
    uploads,
    manifests,
    upkeep,
    deletions,
    describer,
    distributionRoutes,
    distribution,
    token,
    routes: [...routes, ...undo],
  };
}

/** Abandoned uploads go in the background; the first round waits a moment, so that a start is quick. */
export function purgeRegularly(uploads: Uploads, config: Config, log: Log): () => void {
  const logger = log.forPlace('registry:uploads');
  const purge = async () => {
    try {
      const purged = await uploads.purge(config.uploads.expireMs);
      if (purged > 0) logger.info({ purged }, 'Removed abandoned uploads.');
    } catch (error) {
      logger.warn({ error }, 'Abandoned uploads could not be removed; the next round tries again.');
    }
  };
  // A timer counts to 2^31 ms; a longer interval purges more often than asked, which harms nobody.
  const interval = Math.min(config.uploads.purgeIntervalMs, 2 ** 31 - 1);
  const first = setTimeout(() => void purge(), 10_000);
  const timer = setInterval(() => void purge(), interval);
  first.unref();
  timer.unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}
