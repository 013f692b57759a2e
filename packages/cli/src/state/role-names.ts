import { listRoles } from '@entrepot/contract/entrepot/role';
import { roleIds } from '@entrepot/contract/permissions';
import { MissingError } from '#src/failures/failures';
import type { ManagementClient } from '#src/management/client';
import { listAll } from '#src/management/list-all';

/** Harbor's five roles as files and the command line write them. */
export const builtInRoles: Readonly<Record<string, number>> = {
  admin: roleIds.projectAdmin,
  maintainer: roleIds.maintainer,
  developer: roleIds.developer,
  guest: roleIds.guest,
  'limited-guest': roleIds.limitedGuest,
};

const builtInNames = new Map(Object.entries(builtInRoles).map(([name, id]) => [id, name]));

/** Whether a role in a project administers it. Never fails. */
export const isAdministrator = (role: string): boolean => role === 'admin';

/**
 * The name in the registry of a role that belongs to a project: there, roles have one list. No name of a project has a
 * space in it. Never fails.
 */
export function nameOfProjectRole(project: string, role: string): string {
  return `${project} ${role}`;
}

/** What a project calls a role; undefined for one that is not its own. Never fails. */
export function roleWithinProject(project: string, name: string): string | undefined {
  return name.startsWith(`${project} `) ? name.slice(project.length + 1) : undefined;
}

/** The name of a role that somebody has. `name` is what the registry calls it. Never fails. */
export function roleNameOf(id: number | undefined, name: string | undefined): string {
  return builtInNames.get(id ?? 0) ?? name ?? `role ${id}`;
}

/** The id of a role by its name in the registry. Rejects with MissingError when there is none. */
export async function findRoleId(client: ManagementClient, name: string): Promise<number> {
  const builtIn = Object.hasOwn(builtInRoles, name) ? builtInRoles[name] : undefined;
  if (builtIn !== undefined) {
    return builtIn;
  }
  for await (const role of listAll(client, listRoles)) {
    if (role.name === name) {
      return role.id;
    }
  }
  throw new MissingError(`there is no role ${name}`, 'see which are: entrepot role ls');
}
