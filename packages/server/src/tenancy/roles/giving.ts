import {
  grantableInProject,
  grantableInSystem,
  type Permission,
  type ProjectRole,
  roleIds,
  rolePermissions,
} from '@entrepot/contract/permissions';
import { accountOf, type Asker } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Access, Project } from '#tenancy/access';
import type { RoleStore } from './store.ts';

export interface Giving {
  /** The role's name; undefined where there is no such role that is given in projects. */
  findProjectRole(id: number): Promise<string | undefined>;
  /**
   * Passes where the asker has everything in the project that the role would give: nobody gives away more than he has.
   * Fails with `body-invalid` where the role is none that is given in projects, and with `denied`.
   */
  assertMayGive(asker: Asker, roleId: number, project: Project): Promise<void>;
  /** The same for permissions that are to be held in the whole registry. */
  assertHolds(asker: Asker, wanted: readonly Permission[]): Promise<void>;
}

export interface GivingDeps {
  readonly access: Pick<Access, 'accountOfMay' | 'mayInSystem'>;
  readonly roles: Pick<RoleStore, 'find'>;
}

const builtIn = new Map(Object.entries(roleIds).map(([name, id]) => [id as number, name as ProjectRole]));
/** What a robot can have at all: it is not held against it that it lacks what only people get. */
const robotsInProject: ReadonlySet<Permission> = new Set(grantableInProject);
const robotsInSystem: ReadonlySet<Permission> = new Set(grantableInSystem);

/** Harbor's name of one of its five roles. */
export const builtInRoleName = (id: number): string | undefined => builtIn.get(id);

export function createGiving({ access, roles }: GivingDeps): Giving {
  async function find(id: number): Promise<{ name: string; permissions: readonly Permission[] } | undefined> {
    const name = builtIn.get(id);
    if (name !== undefined) return { name, permissions: rolePermissions[name] };
    const own = await roles.find(id);
    return own?.level === 'project' ? own : undefined;
  }

  async function assertAll(
    asker: Asker,
    wanted: readonly Permission[],
    possible: ReadonlySet<Permission>,
    holds: (permission: Permission) => boolean | Promise<boolean>,
  ): Promise<void> {
    const isRobot = accountOf(asker.actor).kind === 'robot';
    for (const permission of wanted) {
      if (isRobot && !possible.has(permission)) continue;
      if (await holds(permission)) continue;
      throw new RegistryError('denied', `You may not give ${permission}, which you do not have yourself.`);
    }
  }

  return {
    findProjectRole: async (id) => (await find(id))?.name,
    async assertMayGive(asker, roleId, project) {
      const role = await find(roleId);
      if (role === undefined) {
        throw new RegistryError('body-invalid', `body.role_id: there is no role ${roleId} that is given in projects.`);
      }
      await assertAll(asker, role.permissions, robotsInProject, (permission) =>
        access.accountOfMay(asker.actor, permission, project),
      );
    },
    assertHolds: (asker, wanted) =>
      assertAll(asker, wanted, robotsInSystem, (permission) => access.mayInSystem(asker.actor, permission)),
  };
}
