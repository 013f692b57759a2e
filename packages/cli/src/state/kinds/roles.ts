import { createRole, deleteRole, listRoles, updateRole } from '@entrepot/contract/entrepot/role';
import { permissions as vocabulary } from '@entrepot/contract/permissions';
import { UsageError } from '#src/failures/failures';
import { listAll } from '#src/management/list-all';
import { expandPermissions, foldPermissions, shortPermissions } from '#src/management/read-permissions';
import { brief, type Kind } from '#src/state/kind';
import { choice, list, name, needed, optional, type Read, type ReadBy, record, text } from '#src/state/read-value';
import { roleWithinProject } from '#src/state/role-names';

const word = choice([...shortPermissions, ...vocabulary]);

/** Permissions in full, in a fixed order, whatever short words stand for them. */
export const permissionList: Read<readonly string[]> = (value, place) => {
  const words = list(word)(value, place);
  return words && expandPermissions(words);
};

const read = record({
  name: needed(name),
  level: optional(choice(['project', 'system'])),
  description: optional(text()),
  permissions: needed(permissionList),
});

type Role = ReadBy<typeof read>;

/** Roles of the registry's one list; those of a project have its name before theirs. */
export const roles: Kind<Role> = {
  noun: 'role',
  read,
  write: ({ level, permissions, ...role }, project) =>
    brief({
      ...role,
      name: project === undefined ? role.name : roleWithinProject(project, role.name),
      level: level === 'system' ? level : undefined,
      permissions: foldPermissions(permissions),
    }),
  keyOf: (role) => role.name,
  async list(client, project) {
    const found = await Array.fromAsync(listAll(client, listRoles));
    return found
      .filter((role) => project === undefined || roleWithinProject(project, role.name) !== undefined)
      .map(({ id, name: called, level, description, permissions }) => ({
        id,
        entry: { name: called, level, description, permissions: permissions.toSorted() },
      }));
  },
  async create({ client }, { level = 'project', permissions, ...role }) {
    await client.call(createRole, { body: { ...role, level, permissions: [...permissions] } });
  },
  async change({ client }, { permissions, name: called, description, level }, { id, entry }) {
    if (level !== entry.level) {
      throw new UsageError(
        `the level of a role cannot be changed`,
        `remove the role ${called} first, or call it otherwise.`,
      );
    }
    const body = { name: called, description, permissions: [...permissions] };
    await client.call(updateRole, { params: { role_id: id }, body });
  },
  async remove({ client }, { id }) {
    await client.call(deleteRole, { params: { role_id: id } });
  },
};
