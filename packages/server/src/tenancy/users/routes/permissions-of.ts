import { type Permission, projectPermissions, systemPermissions } from '@entrepot/contract/permissions';
import type { Actor } from '#kernel/actor';
import type { Access, Project } from '#tenancy/access';

interface ShownPermission {
  readonly resource: string;
  readonly action: string;
}

/**
 * What somebody may in a scope as Harbor writes it: `/system`, or `/project/1`, where the project itself is the resource
 * `.` when resources are named without the scope. Of a scope that there is not, and of one that he may not see, nothing.
 */
export async function listPermissions(
  deps: {
    readonly access: Pick<Access, 'accountOfMay' | 'mayInSystem'>;
    readonly findProject: (nameOrId: string) => Promise<Project | undefined>;
  },
  actor: Actor,
  scope: string,
  relative: boolean,
): Promise<ShownPermission[]> {
  const { access } = deps;
  const shown = (permission: Permission, prefix: string, self: string): ShownPermission => {
    const [resource = '', action = ''] = permission.split(':');
    const name = resource === self ? '' : resource;
    if (relative) return { resource: name === '' ? '.' : name, action };
    return { resource: name === '' ? prefix : `${prefix}/${name}`, action };
  };
  if (/^\/system\/?$/.test(scope)) {
    const held = await filter(systemPermissions, (permission) => access.mayInSystem(actor, permission));
    return held.map((permission) => shown(permission, '/system', ''));
  }
  const named = /^\/project\/([^/]+)\/?$/.exec(scope)?.[1];
  const project = named === undefined ? undefined : await deps.findProject(named);
  if (project === undefined) return [];
  const held = await filter(projectPermissions, (permission) => access.accountOfMay(actor, permission, project));
  return held.map((permission) => shown(permission, scope.replace(/\/$/, ''), 'project'));
}

async function filter<P extends Permission>(
  all: readonly P[],
  holds: (permission: P) => boolean | Promise<boolean>,
): Promise<P[]> {
  const held: P[] = [];
  for (const permission of all) if (await holds(permission)) held.push(permission);
  return held;
}
