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
import type { Amounts, Holdings, Quota, Recount } from './types.ts';

export interface Quotas {
  find(id: number): Promise<Quota | undefined>;
  list(
    list: ListQuery,
    conditions: readonly Condition[],
  ): Promise<{ readonly quotas: readonly Quota[]; readonly total: number }>;
  /**
   * Changes the limits that are given, a number or -1; what is there above them stays. Fails with `body-invalid` or
   * `object-not-found`.
   */
  update(asker: Asker, id: number, hard: Partial<Amounts>): Promise<void>;
  findByProject(projectId: number): Promise<Quota | undefined>;
  holdingsOf(projectId: number): Promise<Holdings | undefined>;
  /** Compares the running figures with what is there and, where they differ, makes them right. Answers what was found. */
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
      if (list.sort.some(({ field }) => field.startsWith('used.'))) await folding.foldAll();
      return readModel.list(list, conditions);
    },
    async update(asker, id, hard) {
      assertLimits(hard);
      const quota = await readModel.find(id);
      if (quota === undefined) throw quotaNotFound(id);
      await transact(async (tx) => {
        await store.setLimits(tx, quota.project.id, hard, clock());
        await audit.write(tx, {
          action: 'update-quota',
          asker,
          projectId: quota.project.id,
          resource: quota.project.name,
          outcome: 'success',
          before: quota.hard,
          after: { ...quota.hard, ...hard },
        });
      });
      onChange(quota.project.id);
    },
    async recount(asker, project) {
      const found = await readModel.recount(project.id);
      if (found === undefined || isSame(found)) return found;
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

const isSame = ({ counted, found }: Recount) => counted.storage === found.storage && counted.count === found.count;

const limitWords: Readonly<Record<keyof Amounts, string>> = {
  storage: 'a number of bytes above 0, or -1 for no limit.',
  count: 'a number of artifacts above 0, or -1 for no limit.',
};

function assertLimits(hard: Partial<Amounts>): void {
  const given = (['storage', 'count'] as const).filter((resource) => hard[resource] !== undefined);
  if (given.length === 0) throw new RegistryError('body-invalid', 'body.hard: give storage, count or both.');
  for (const resource of given) {
    if (isLimit(hard[resource] ?? 0)) continue;
    throw new RegistryError('body-invalid', `body.hard.${resource}: ${limitWords[resource]}`);
  }
}

/** Gives a new project its limits: the bytes that were asked for, and otherwise those of the settings. */
export function createStorageLimits(deps: {
  readonly store: Pick<QuotaStore, 'setLimits'>;
  readonly clock: Clock;
  readonly defaultLimits: () => Amounts;
}): StorageLimits {
  return {
    async onProjectCreated(tx, projectId, limit) {
      const defaults = deps.defaultLimits();
      const storage = limit ?? defaults.storage;
      if (!isLimit(storage)) throw new RegistryError('body-invalid', `body.storage_limit: ${limitWords.storage}`);
      await deps.store.setLimits(tx, projectId, { storage, count: defaults.count }, deps.clock());
    },
  };
}
