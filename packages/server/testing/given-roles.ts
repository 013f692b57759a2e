import type { RoleGiven, RoleLookup } from '#tenancy/access';

const direct = { roleName: undefined, permissions: undefined, group: undefined, pattern: undefined };

/** A role by its id, given straight to somebody. */
export const aRole = (roleId: number, more: Partial<RoleGiven> = {}): RoleGiven => ({ ...direct, roleId, ...more });

/** Roles by `project:user`; the registry itself is project 0. */
export function givenRoles(roles: Readonly<Record<string, number | readonly RoleGiven[]>>): RoleLookup {
  const at = (key: string) => {
    const found = roles[key];
    return typeof found === 'number' ? [aRole(found)] : (found ?? []);
  };
  return {
    inProject: (project, user) => at(`${project}:${user}`),
    inSystem: (user) => at(`0:${user}`),
    projectsOf: async (user) =>
      Object.keys(roles)
        .filter((key) => key.endsWith(`:${user}`))
        .map((key) => Number(key.split(':')[0]))
        .filter((project) => project > 0),
  };
}
