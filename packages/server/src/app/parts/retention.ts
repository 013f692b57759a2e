import { createRetentionParts, createRetentionReadModel, createRetentionStore } from '#features/retention';
import { retentionExtraRoutes, retentionRoutes } from '#features/retention/routes';
import type { ManagedRoute } from '#platform/http/management';
import type { JobHandler } from '#platform/jobs';
import type { ManifestUpkeep } from '#registry/manifests';
import type { TagPolicy } from '#registry/ports';
import type { Access } from '#tenancy/access';
import { createProjectStore } from '#tenancy/projects';
import type { Basis } from './basis.ts';

export interface RetentionNeeds {
  readonly access: Access;
  readonly upkeep: ManifestUpkeep;
  readonly tagPolicy: TagPolicy;
}

/** What projects keep by rules, and the work that deletes the rest. */
export function composeRetention(
  { db, jobs, outbox, transact, audit, clock }: Basis,
  { access, upkeep, tagPolicy }: RetentionNeeds,
): { readonly routes: readonly ManagedRoute[]; readonly handlers: readonly JobHandler[] } {
  const projects = createProjectStore(db);
  const { retention, simulations, clusters, handlers } = createRetentionParts({
    store: createRetentionStore(db),
    readModel: createRetentionReadModel(db),
    access,
    upkeep,
    tagPolicy,
    jobs,
    events: outbox,
    projects,
    findProject: projects.findById,
    transact,
    audit,
    clock,
  });
  return {
    routes: [...retentionRoutes({ retention }), ...retentionExtraRoutes({ simulations, clusters })],
    handlers,
  };
}
