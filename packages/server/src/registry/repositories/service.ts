import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { Transact } from '#kernel/transaction';
import type { Audit } from '#tenancy/audit';
import type { RepositoryOverview } from './read-model.ts';
import type { RepositoryStore } from './store.ts';

export interface Repositories {
  /** Changes what is written about a repository. */
  describe(asker: Asker, repository: RepositoryOverview, description: string): Promise<void>;
}

export interface RepositoriesDeps {
  readonly store: Pick<RepositoryStore, 'describe'>;
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
  };
}
