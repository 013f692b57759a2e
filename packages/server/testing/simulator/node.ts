import { createCollection } from '#features/garbage-collection';
import { createQuotaPolicy, createQuotaReadModel, createQuotaStore } from '#features/quota';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { NewId } from '#kernel/ids';
import { registryAsker } from '#kernel/registry-asker';
import type { Transact } from '#kernel/transaction';
import type { BlobStore } from '#platform/blobs';
import type { Db } from '#platform/db';
import { createBlobRecords, createBlobs } from '#registry/blobs';
import { createCollectionStore } from '#registry/collection';
import { createExpiredStore } from '#registry/collection/expired';
import { createDeletionReadModel, createDeletionStore } from '#registry/deletions';
import { createKeptTags, createManifestStore, createManifests, createManifestUpkeep } from '#registry/manifests';
import { createPushGate } from '#registry/ports';
import { createRepositoryStore } from '#registry/repositories';
import {
  createBringBack,
  createFindWhole,
  createRollback,
  createTagHistory,
  createTakingStore,
  createUndo,
} from '#registry/undo';
import { createUploadStore, createUploads } from '#registry/uploads';
import type { Access } from '#tenancy/access';
import { createAuditStore } from '#tenancy/audit';
import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { Gate } from './gate.ts';
import type { Sabotage } from './sabotage.ts';

const hours = 3_600_000;

/** The ages that the product has by default. */
export const ages = { graceMs: 24 * hours, condemnedMs: hours, trashMs: 168 * hours, undoMs: 168 * hours };

/** How old the note that somebody relies on a blob may be, as the product chooses it. */
export const touchEveryMs = ages.graceMs / 10;

export const asker = registryAsker('simulator');

/** What talks to the database. It remembers nothing, so it outlives processes. */
export type Stores = ReturnType<typeof createStores>;

export function createStores(db: Db, clock: Clock, sabotage: Sabotage) {
  return {
    repositories: createRepositoryStore(db),
    records: createBlobRecords(db),
    quotas: createQuotaStore(db),
    quotaReads: createQuotaReadModel(db),
    uploads: createUploadStore(db),
    deletions: createDeletionStore(db, { windowMs: ages.undoMs }),
    deletionReads: createDeletionReadModel(db, clock),
    expired: createExpiredStore(db, clock),
    taking: createTakingStore(db),
    history: createTagHistory(db, clock),
    manifests: sabotage.manifests(createManifestStore(db, { touchEveryMs })),
    // A thread of its own would answer at a moment of its own.
    collection: sabotage.collection(createCollectionStore({ ...db, background: db.read }, clock), db),
  };
}

/** One process of a registry: the services that keep content, as the product composes them. */
export type Node = ReturnType<typeof createNode>;

export interface NodeDeps {
  readonly db: Db;
  readonly stores: Stores;
  readonly bytes: BlobStore;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly sabotage: Sabotage;
}

/** Everybody may do everything: rights have tests of their own. */
const openAccess = { may: () => true, accountOfMay: () => true } as unknown as Access;

const everyCall = ['stat', 'open', 'create', 'append', 'commit', 'cancel', 'delete'] as const;

/** Every call of the store waits for its turn. */
function gated(bytes: BlobStore, gate: Gate): BlobStore {
  const calls = Object.fromEntries(
    everyCall.map((name) => [
      name,
      (...args: never[]) =>
        gate.pass(`bytes.${name}`, () => (bytes[name] as (...args: never[]) => Promise<unknown>)(...args)),
    ]),
  );
  return { ...bytes, ...calls };
}

export function createNode({ db, stores, bytes: store, gate, clock, newId, sabotage }: NodeDeps) {
  const transact: Transact = (work, options) => gate.pass('transaction', () => db.transact(work, options));
  const bytes = gated(sabotage.bytes(store), gate);
  const auditRows = createAuditStore();
  const audit = {
    write: (tx: Parameters<typeof auditRows.insert>[0], entry: Parameters<typeof auditRows.insert>[1][0]['entry']) =>
      auditRows.insert(tx, [{ entry, at: clock() }]),
  };
  const events = { emit: async () => undefined };
  const { repositories, records, deletions } = stores;
  const policy = createQuotaPolicy({
    store: stores.quotas,
    folding: { notice: () => undefined },
    events,
    transact,
    clock,
    isEnforced: () => true,
  });
  const tagPolicy = { guardOf: async () => undefined };
  const common = { repositories, audit, events, gate: createPushGate([policy]), tagPolicy, transact, clock };
  const blobs = createBlobs({
    ...common,
    records: sabotage.records(records),
    bytes,
    access: openAccess,
    // Next to nothing: what is read comes from the stores.
    cacheBytes: 1,
    touchEveryMs,
  });
  const uploads = createUploads({
    ...common,
    store: stores.uploads,
    blobs: records,
    bytes,
    newId,
    maxOpenPerOwner: 1000,
    maxOpen: 1000,
    alone: db.kind === 'sqlite',
  });
  const manifests = createManifests({
    ...common,
    store: stores.manifests,
    deletions,
    requireChildren: true,
    cacheBytes: 1,
  });
  const upkeep = createManifestUpkeep({ ...common, store: stores.manifests, deletions });
  const collection = createCollection({
    store: stores.collection,
    bytes,
    transact,
    ages,
    expireDeletions: (limit) => transact((tx) => stores.expired.expire(tx, limit)),
    async deleteUnheld({ manifestId, projectId, projectName, repository, digest }) {
      const project = { id: projectId, name: projectName, public: false };
      try {
        await upkeep.deleteWhole(asker, project, repository as RepositoryName, digest as Digest, {
          tags: [],
          partsStay: true,
          still: (tx) => stores.collection.isUnheld(tx, manifestId, ages.graceMs),
        });
        return true;
      } catch (error) {
        if (error instanceof RegistryError) return false;
        throw error;
      }
    },
    onKept(error) {
      throw error;
    },
    courtesy: { size: (most) => most, timed: (_count, piece) => piece(), rest: async () => undefined },
  });
  const { taking, history } = stores;
  const restoring = {
    ...common,
    taking,
    findWhole: createFindWhole(taking, stores.manifests, clock),
    bringBack: createBringBack({ taking, store: stores.manifests, blobs: records, events, clock }),
  };
  const undo = createUndo({ ...restoring, deletions, expired: stores.expired, readModel: stores.deletionReads });
  const keptTags = createKeptTags(tagPolicy, stores.manifests);
  const rollback = createRollback({ ...restoring, history, store: stores.manifests, keptTags });
  return { blobs, uploads, manifests, upkeep, collection, undo, rollback };
}
