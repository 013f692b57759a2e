import {
  createFolding,
  createQuotaPolicy,
  createQuotaReadModel,
  createQuotas,
  createQuotaStore,
  createStorageLimits,
  quotaRoutes,
} from '#features/quota';
import type { ManagedRoute } from '#platform/http/management';
import type { PushPolicy } from '#registry/ports';
import type { Access } from '#tenancy/access';
import type { createProjectStore, StorageLimits } from '#tenancy/projects';
import type { StorageUse } from '#tenancy/projects/routes';
import type { Basis } from './basis.ts';

type ProjectStore = ReturnType<typeof createProjectStore>;

/** How much projects may store: what makes projects asks for it, and what pushes. */
export interface Quota {
  readonly limits: StorageLimits;
  readonly storageOf: (projectId: number) => Promise<StorageUse | undefined>;
  readonly policy: PushPolicy;
  createRoutes(people: {
    readonly access: Access;
    readonly projectStore: Pick<ProjectStore, 'findById'>;
  }): ManagedRoute[];
}

/** How often figures are brought up to date. */
const foldMs = 5000;

/** Builds it; what has to be closed is put on the stack. */
export function composeQuota(
  { log, clock, db, transact, outbox, audit, settings }: Basis,
  stack: AsyncDisposableStack,
): Quota {
  const logger = log.forPlace('features:quota');
  const store = createQuotaStore(db);
  const folding = stack.use(
    createFolding({
      store,
      transact,
      onError: (error) => logger.warn({ error }, 'Used storage could not be added up; the next round tries again.'),
      everyMs: foldMs,
    }),
  );
  const policy = createQuotaPolicy({
    store,
    folding,
    events: outbox,
    transact,
    clock,
    isEnforced: () => settings.current().quota_per_project_enable,
  });
  const readModel = createQuotaReadModel(db);
  const quotas = createQuotas({ store, readModel, folding, transact, audit, clock, onChange: policy.forget });
  return {
    limits: createStorageLimits({
      store,
      clock,
      defaultLimits: () => ({
        storage: settings.current().storage_per_project,
        count: settings.current().count_per_project,
      }),
    }),
    async storageOf(projectId) {
      const quota = await quotas.findByProject(projectId);
      return quota && { hard: quota.hard, used: quota.used };
    },
    policy,
    createRoutes: ({ access, projectStore }) => quotaRoutes({ quotas, access, findProject: projectStore.findById }),
  };
}
