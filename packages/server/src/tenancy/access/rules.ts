import {
  type Permission,
  type ProjectRole,
  publicPermissions,
  roleIds,
  rolePermissions,
} from '@entrepot/contract/permissions';
import type { Actor, TokenActor } from '#kernel/actor';

/** The project a request is about, as far as a decision needs it. */
export interface ProjectFacts {
  readonly id: number;
  readonly public: boolean;
}

/** The token action that stands for a permission (distribution token scopes). */
export const tokenActions: Partial<Record<Permission, string>> = {
  'repository:pull': 'pull',
  'artifact:list': 'pull',
  'tag:list': 'pull',
  'repository:push': 'push',
  'artifact:delete': 'delete',
};

const roleById = new Map(Object.entries(roleIds).map(([name, id]) => [id as number, name as ProjectRole]));

/** What an account may by its own rights: administrators everything, members by their role, everybody in public projects. */
export function accountMay(
  account: { readonly admin: boolean; readonly role: number | undefined },
  permission: Permission,
  project: ProjectFacts,
  openToStrangers: boolean,
): boolean {
  if (account.admin) return true;
  const role = account.role === undefined ? undefined : roleById.get(account.role);
  if (role !== undefined && rolePermissions[role].includes(permission)) return true;
  return openToStrangers && project.public && publicPermissions.includes(permission);
}

/** What a token may: what it says, in the very project it was made for. */
export function tokenMay(
  token: TokenActor,
  permission: Permission,
  project: ProjectFacts,
  repository: string,
): boolean {
  const action = tokenActions[permission];
  if (action === undefined) return false;
  return token.grants.some(
    (grant) => grant.repository === repository && grant.projectId === project.id && grant.actions.includes(action),
  );
}

/** Whether the holder of a token asked for a repository when it fetched the token, granted or not. */
export function tokenAskedFor(actor: Actor, repository: string): boolean {
  return actor.kind !== 'token' || actor.grants.some((grant) => grant.repository === repository);
}
