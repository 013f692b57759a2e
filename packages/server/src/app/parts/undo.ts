import type { ManagedRoute } from '#platform/http/management';
import type { BlobRecords } from '#registry/blobs';
import { createExpiredStore } from '#registry/collection/expired';
import { createDeletionReadModel, createDeletionStore, type DeletionStore } from '#registry/deletions';
import { createKeptTags, type ManifestStore } from '#registry/manifests';
import type { PushGate, TagPolicy } from '#registry/ports';
import type { RepositoryStore } from '#registry/repositories';
import {
  createBringBack,
  createFindWhole,
  createRollback,
  createTagHistory,
  createTakingStore,
  createUndo,
} from '#registry/undo';
import { createProjectArchive, createProjectUndo, type ProjectUndo } from '#registry/undo/projects';
import { tagHistoryRoutes, undoRoutes } from '#registry/undo/routes';
import type { Access } from '#tenancy/access';
import type { Basis } from './basis.ts';

/** Builds the keeping of deleted projects, which comes before projects themselves. */
export function composeProjectUndo(
  { config, db, transact, audit, outbox, clock }: Basis,
  onRestored: (name: string) => void,
): ProjectUndo {
  return createProjectUndo({
    archive: createProjectArchive(db),
    deletions: createDeletionStore(db, { windowMs: config.undo.windowMs }),
    audit,
    events: outbox,
    transact,
    clock,
    onRestored,
  });
}

export interface UndoPartDeps {
  readonly projectUndo: ProjectUndo;
  readonly deletions: DeletionStore;
  readonly manifestStore: ManifestStore;
  readonly records: BlobRecords;
  readonly repositories: RepositoryStore;
  readonly gate: PushGate;
  readonly tagPolicy: TagPolicy;
  readonly access: Access;
  readonly onPushed: () => void;
}

/** Builds the way back for what was deleted and for tags that were moved. */
export function composeUndo({ db, transact, audit, outbox, clock }: Basis, deps: UndoPartDeps): ManagedRoute[] {
  const { projectUndo, deletions, manifestStore: store, repositories, gate, access, onPushed } = deps;
  const taking = createTakingStore(db);
  const readModel = createDeletionReadModel(db, clock);
  const history = createTagHistory(db, clock);
  const findWhole = createFindWhole(taking, store, clock);
  const bringBack = createBringBack({ taking, store, blobs: deps.records, events: outbox, clock });
  const shared = { taking, findWhole, bringBack, repositories, gate, audit, transact, clock, onPushed };
  const keptTags = createKeptTags(deps.tagPolicy, store);
  return [
    ...undoRoutes({
      deletions: readModel,
      undo: createUndo({ ...shared, deletions, expired: createExpiredStore(db, clock), readModel }),
      projectUndo,
      access,
    }),
    ...tagHistoryRoutes({
      history,
      rollback: createRollback({ ...shared, history, store, keptTags, events: outbox }),
      repositories,
      access,
    }),
  ];
}
