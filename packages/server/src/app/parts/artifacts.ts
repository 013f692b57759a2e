import type { Clock } from '#kernel/clock';
import type { Transact } from '#kernel/transaction';
import type { Db } from '#platform/db';
import type { ManagedRoute } from '#platform/http/management';
import type { Events } from '#platform/outbox';
import { createAdditions, createArtifactCopies, createArtifactReadModel } from '#registry/artifacts';
import { createArtifactPartsReadModel } from '#registry/artifacts/parts';
import { artifactLabelRoutes, artifactRoutes, createLocate, createPages } from '#registry/artifacts/routes';
import type { BlobRecords, createBlobs } from '#registry/blobs';
import type { DeletionStore } from '#registry/deletions';
import type { Describer } from '#registry/descriptions';
import { iconRoutes } from '#registry/icons';
import { createLabels, createLabelStore, labelRoutes } from '#registry/labels';
import {
  createManifestUpkeep,
  type createManifestStore,
  type Manifests,
  type ManifestUpkeep,
} from '#registry/manifests';
import type { PushGate, TagPolicy } from '#registry/ports';
import { createRepositories, createRepositoryReadModel, type RepositoryStore } from '#registry/repositories';
import { repositoryRoutes } from '#registry/repositories/routes';
import { createSearchReadModel, searchRoutes } from '#registry/search';
import type { Access } from '#tenancy/access';
import type { Audit } from '#tenancy/audit';
import type { Projects } from '#tenancy/projects';

export interface ArtifactsDeps {
  readonly db: Db;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly events: Events;
  readonly access: Access;
  readonly projects: Projects;
  readonly repositories: RepositoryStore;
  readonly records: BlobRecords;
  readonly blobs: ReturnType<typeof createBlobs>;
  readonly manifestStore: ReturnType<typeof createManifestStore>;
  readonly deletions: DeletionStore;
  readonly manifests: Manifests;
  readonly describer: Describer;
  readonly gate: PushGate;
  readonly tagPolicy: TagPolicy;
}

/** Images as the management API shows and changes them: repositories, artifacts, labels, search and icons. */
export function composeArtifacts(deps: ArtifactsDeps): {
  readonly routes: ManagedRoute[];
  readonly upkeep: ManifestUpkeep;
} {
  const { db, transact, clock, audit, access, projects, repositories, manifests } = deps;
  const artifacts = createArtifactReadModel(db);
  const parts = createArtifactPartsReadModel(db);
  const overviews = createRepositoryReadModel(db);
  const upkeep = createManifestUpkeep({ ...deps, store: deps.manifestStore });
  const labelStore = createLabelStore(db);
  const labels = createLabels({ store: labelStore, projects, access, audit, transact, clock });
  const locate = createLocate({ manifests, artifacts, repositories });
  const routes = [
    ...repositoryRoutes({
      overviews,
      store: repositories,
      repositories: createRepositories({ store: repositories, audit, transact, clock }),
      upkeep,
      access,
    }),
    ...artifactRoutes({
      locate,
      pages: createPages({
        artifacts,
        parts,
        labels: labelStore,
        describer: deps.describer,
        tagPolicy: deps.tagPolicy,
      }),
      artifacts,
      parts,
      upkeep,
      copies: createArtifactCopies({
        manifests,
        artifacts,
        parts,
        blobs: deps.records,
        repositories,
        gate: deps.gate,
        transact,
        clock,
      }),
      additions: createAdditions({ manifests, blobs: deps.blobs }),
      access,
      tagPolicy: deps.tagPolicy,
    }),
    ...artifactLabelRoutes({ locate, labels }),
    ...labelRoutes({ labels }),
    ...searchRoutes({ found: createSearchReadModel(db), repositories: overviews, access, clock }),
    ...iconRoutes(),
  ];
  return { routes, upkeep };
}
