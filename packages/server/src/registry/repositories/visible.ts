import type { Actor } from '#kernel/actor';
import type { Access } from '#tenancy/access';
import type { RepositoryOverview } from './read-model.ts';

/**
 * Of repositories in projects that an account sees, those that it sees itself: a role or a robot may be for some
 * repositories of a project only.
 */
export async function keepVisible(
  access: Pick<Access, 'accountOfMay'>,
  actor: Actor,
  repositories: readonly RepositoryOverview[],
): Promise<RepositoryOverview[]> {
  const shown: RepositoryOverview[] = [];
  for (const one of repositories) {
    const project = { id: one.projectId, name: one.projectName, public: one.projectPublic };
    const sees =
      (await access.accountOfMay(actor, 'repository:list', project, one.name)) ||
      (await access.accountOfMay(actor, 'repository:pull', project, one.name));
    if (sees) shown.push(one);
  }
  return shown;
}
