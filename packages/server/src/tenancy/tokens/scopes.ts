import type { Permission } from '@entrepot/contract/permissions';
import { isRepositoryName } from '@entrepot/oci/repository-name';
import type { Scope } from '@entrepot/oci/scope';
import type { Actor, Grant } from '#kernel/actor';
import type { Access } from '#tenancy/access';
import { projectNameOf } from '#tenancy/projects';

/** What has to be permitted for an action of a scope to be granted. */
const permissionOf: Readonly<Record<string, Permission>> = {
  pull: 'repository:pull',
  push: 'repository:push',
  delete: 'artifact:delete',
};

/** More scopes than this are no image pull. */
const mostScopes = 50;

/**
 * What of the asked-for scopes the account behind the actor may have: the intersection, never an error. A repository
 * that was asked for and not granted stays in the list with no actions, so that the registry can tell "not allowed"
 * from "not asked".
 */
export async function grantScopes(access: Access, actor: Actor, scopes: readonly Scope[]): Promise<Grant[]> {
  const grants: Grant[] = [];
  for (const scope of scopes.slice(0, mostScopes)) {
    if (scope.type !== 'repository' || scope.class !== undefined || !isRepositoryName(scope.name)) continue;
    const project = await access.findProject(projectNameOf(scope.name));
    const asked = scope.actions.includes('*') ? Object.keys(permissionOf) : scope.actions;
    const actions: string[] = [];
    for (const action of asked) {
      const permission = permissionOf[action];
      if (project === undefined || permission === undefined) continue;
      if (await access.accountOfMay(actor, permission, project, scope.name)) actions.push(action);
    }
    grants.push({ repository: scope.name, projectId: project?.id ?? 0, actions: [...new Set(actions)] });
  }
  return grants;
}

/** What is left of signed grants today: roles, visibility and projects may have changed since. */
export async function stillGranted(access: Access, actor: Actor, grants: readonly Grant[]): Promise<Grant[]> {
  const scopes = grants.map((grant) => ({ type: 'repository', name: grant.repository, actions: grant.actions }));
  const today = await grantScopes(access, actor, scopes);
  return today.map((grant, index) => {
    const signed = grants[index] as Grant;
    return grant.projectId === signed.projectId ? grant : { ...grant, projectId: 0, actions: [] };
  });
}
