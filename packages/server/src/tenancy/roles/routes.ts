import { createRole, deleteRole, getRole, listRoles, updateRole } from '@entrepot/contract/entrepot/role';
import { getPermissions } from '@entrepot/contract/harbor/permission';
import { grantableInProject, grantableInSystem, type Permission } from '@entrepot/contract/permissions';
import { accountOf } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { Roles } from './service.ts';
import type { Role } from './types.ts';

export interface RoleRoutesDeps {
  readonly roles: Roles;
  /** Whether the user administers a project. */
  readonly administersAny: (userId: number) => Promise<boolean>;
}

const show = (role: Role) => ({
  id: role.id,
  name: role.name,
  level: role.level,
  description: role.description,
  permissions: role.permissions,
  creation_time: new Date(role.createdAt).toISOString(),
  update_time: new Date(role.updatedAt).toISOString(),
});

const showPermissions = (grantable: readonly Permission[]) =>
  grantable.map((permission) => {
    const [resource = '', action = ''] = permission.split(':');
    return { resource, action };
  });

export function roleRoutes({ roles, administersAny }: RoleRoutesDeps): ManagedRoute[] {
  return [
    serve(listRoles, async ({ query, url }) => {
      const list = readListQuery(query);
      const found = await roles.list(list);
      return listReply(found.roles.map(show), found.total, list, url);
    }),
    serve(createRole, async ({ asker, body }) => {
      const id = await roles.create(asker, { ...body, description: body.description ?? '' });
      return { status: 201, headers: { Location: `/api/entrepot/v1/roles/${id}` } };
    }),
    serve(getRole, async ({ params }) => ({ status: 200, body: show(await roles.get(params.role_id)) })),
    serve(updateRole, async ({ asker, params, body }) => {
      await roles.update(asker, params.role_id, { ...body, description: body.description ?? '' });
      return { status: 200 };
    }),
    serve(deleteRole, async ({ asker, params }) => {
      await roles.remove(asker, params.role_id);
      return { status: 200 };
    }),
    // What robots may be given is of use to those who make robots, as in Harbor.
    serve(getPermissions, async ({ asker }) => {
      const account = accountOf(asker.actor);
      const project = showPermissions(grantableInProject);
      if (account.kind === 'user') {
        if (account.admin) return { status: 200, body: { system: showPermissions(grantableInSystem), project } };
        if (await administersAny(account.userId)) return { status: 200, body: { project } };
      }
      throw new RegistryError('denied', 'The list is for administrators of the registry and of projects.');
    }),
  ];
}
