import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { Transact } from '#kernel/transaction';
import type { Audit } from '#tenancy/audit';
import type { RepositoryOverview } from './read-model.ts';
import type { RepositoryStore } from './store.ts';

export interface Repositories {
  /** Changes what is written about a repository. */
  describe(asker: Asker, repository: RepositoryOverview, description: string): Promise<void>;
  /** Says whether collection and retention leave the repository alone. To say what is so already changes nothing. */
  pin(asker: Asker, repository: RepositoryOverview, pinned: boolean): Promise<void>;
}

export interface RepositoriesDeps {
  readonly store: Pick<RepositoryStore, 'describe' | 'setPinned'>;
  readonly audit: Pick<Audit, 'write'>;
  readonly transact: Transact;
  readonly clock: Clock;
}

export function createRepositories({ store, audit, transact, clock }: RepositoriesDeps): Repositories {
  return {
    async describe(asker, { id, projectId, name, description: before }, description) {
      await transact(async (tx) => {
        await store.describe(tx, id, description, clock());
        await audit.write(tx, {
          action: 'update-repository',
          asker,
          projectId,
          resource: name,
          outcome: 'success',
          before: { description: before },
          after: { description },
        });
      });
    },
    async pin(asker, { id, projectId, name }, pinned) {
      await transact(async (tx) => {
        if (!(await store.setPinned(tx, id, pinned))) return;
        await audit.write(tx, {
          action: pinned ? 'pin-repository' : 'unpin-repository',
          asker,
          projectId,
          resource: name,
          outcome: 'success',
          before: { pinned: !pinned },
          after: { pinned },
        });
      });
    },
  };
}
