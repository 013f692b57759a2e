import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Condition, ListQuery } from '#kernel/list-query';
import type { Transact } from '#kernel/transaction';
import type { Audit } from '#tenancy/audit';
import type { Project, StorageLimits } from '#tenancy/projects';
import type { Folding } from './folding.ts';
import type { QuotaReadModel } from './read-model.ts';
import { isLimit } from './rules.ts';
import type { QuotaStore } from './store.ts';
import type { Holdings, Quota, Recount } from './types.ts';

export interface Quotas {
  find(id: number): Promise<Quota | undefined>;
  list(
    list: ListQuery,
    conditions: readonly Condition[],
  ): Promise<{ readonly quotas: readonly Quota[]; readonly total: number }>;
  /** Changes the limit, in bytes or -1; what is stored above it stays. Fails with `body-invalid` or `object-not-found`. */
  update(asker: Asker, id: number, hard: number): Promise<void>;
  findByProject(projectId: number): Promise<Quota | undefined>;
  holdingsOf(projectId: number): Promise<Holdings | undefined>;
  /** Compares the running figure with what is there and, where they differ, makes it right. Answers what was found. */
  recount(asker: Asker, project: Project): Promise<Recount | undefined>;
}

export interface QuotasDeps {
  readonly store: QuotaStore;
  readonly readModel: QuotaReadModel;
  readonly folding: Pick<Folding, 'foldAll'>;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  /** Told which project has another limit now. */
  readonly onChange: (projectId: number) => void;
}

export const quotaNotFound = (id: number) => new RegistryError('object-not-found', `quota ${id} not found`);

export function createQuotas(deps: QuotasDeps): Quotas {
  const { store, readModel, folding, transact, audit, clock, onChange } = deps;
  return {
    find: readModel.find,
    findByProject: readModel.findByProject,
    holdingsOf: readModel.holdingsOf,
    async list(list, conditions) {
      // An order by what is used is one by the figures that are folded.
      if (list.sort.some(({ field }) => field === 'used.storage')) await folding.foldAll();
      return readModel.list(list, conditions);
    },
    async update(asker, id, hard) {
      if (!isLimit(hard)) {
        throw new RegistryError('body-invalid', 'body.hard.storage: a number of bytes above 0, or -1 for no limit.');
      }
      const quota = await readModel.find(id);
      if (quota === undefined) throw quotaNotFound(id);
      await transact(async (tx) => {
        await store.setLimit(tx, quota.project.id, hard, clock());
        await audit.write(tx, {
          action: 'update-quota',
          asker,
          projectId: quota.project.id,
          resource: quota.project.name,
          outcome: 'success',
          before: { storage: quota.hard },
          after: { storage: hard },
        });
      });
      onChange(quota.project.id);
    },
    async recount(asker, project) {
      const found = await readModel.recount(project.id);
      if (found === undefined || found.counted === found.found) return found;
      await transact(async (tx) => {
        await readModel.mend(tx, project.id, clock());
        await audit.write(tx, {
          action: 'update-quota',
          asker,
          projectId: project.id,
          resource: project.name,
          outcome: 'success',
          before: { used: found.counted },
          after: { used: found.found },
        });
      });
      return found;
    },
  };
}

/** Gives a new project its limit: the one that was asked for, or the one of the settings. */
export function createStorageLimits(deps: {
  readonly store: Pick<QuotaStore, 'setLimit'>;
  readonly clock: Clock;
  readonly defaultLimit: () => number;
}): StorageLimits {
  return {
    async onProjectCreated(tx, projectId, limit) {
      const hard = limit ?? deps.defaultLimit();
      if (!isLimit(hard)) {
        throw new RegistryError('body-invalid', 'body.storage_limit: a number of bytes above 0, or -1 for no limit.');
      }
      await deps.store.setLimit(tx, projectId, hard, deps.clock());
    },
  };
}
