import {
  createClusters,
  createJudging,
  createRetention,
  createRetentionHandlers,
  createRetentionReadModel,
  createRetentionStore,
  createSimulations,
} from '#features/retention';
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
  const store = createRetentionStore(db);
  const readModel = createRetentionReadModel(db);
  const projects = createProjectStore(db);
  const judging = createJudging({ store, readModel, tagPolicy, clock });
  return {
    routes: [
      ...retentionRoutes({ retention: createRetention({ store, jobs, access, projects, audit, transact, clock }) }),
      ...retentionExtraRoutes({
        simulations: createSimulations({ store, readModel, judging }),
        clusters: createClusters({ store, audit, transact, clock }),
      }),
    ],
    handlers: createRetentionHandlers({
      store,
      readModel,
      judging,
      upkeep,
      jobs,
      events: outbox,
      transact,
      findProject: projects.findById,
    }),
  };
}
