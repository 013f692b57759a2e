import {
  addRepositoryMember,
  addSystemMember,
  listRepositoryMembers,
  listSystemMembers,
  removeRepositoryMember,
  removeSystemMember,
  updateRepositoryMember,
} from '@entrepot/contract/entrepot/role';
import { RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { MemberSought } from '#tenancy/members';
import type { Assignments } from './service.ts';
import type { Assignment, RepositoryAssignment } from './types.ts';

const show = (given: Assignment) => ({
  id: given.id,
  entity_type: given.entityType,
  entity_id: given.entityId,
  entity_name: given.entityName,
  role_id: given.roleId,
  role_name: given.roleName,
});

const showInProject = (given: RepositoryAssignment) => ({ ...show(given), pattern: given.pattern });

interface Named {
  readonly id?: number | null | undefined;
  readonly name?: string | null | undefined;
}

function readSought(body: {
  readonly user?: Named | null | undefined;
  readonly group?: Named | null | undefined;
}): MemberSought {
  const read = (named: Named | null | undefined) => ({ id: named?.id ?? undefined, name: named?.name || undefined });
  const [user, group] = [read(body.user), read(body.group)];
  const named = [user.id, user.name, group.id, group.name].filter((one) => one !== undefined);
  if (named.length !== 1) {
    throw new RegistryError('body-invalid', 'body: name one user or one group, by its id or by its name.');
  }
  if (/\p{Cc}/u.test(String(named[0])))
    throw new RegistryError('body-invalid', 'body: a name has no control characters.');
  if (user.id !== undefined || user.name !== undefined) return { kind: 'user', ...user };
  return { kind: 'group', ...group, type: undefined, dn: undefined };
}

/** Roles in the whole registry and in some repositories of a project, which Harbor has not. */
export function assignmentRoutes({ assignments }: { readonly assignments: Assignments }): ManagedRoute[] {
  return [
    serve(listSystemMembers, async ({ query, url }) => {
      const page = readListQuery(query);
      const found = await assignments.listInSystem(page);
      return listReply(found.assignments.map(show), found.total, page, url);
    }),
    serve(addSystemMember, async ({ asker, body }) => {
      const id = await assignments.addInSystem(asker, readSought(body), body.role_id);
      return { status: 201, headers: { Location: `/api/entrepot/v1/system-members/${id}` } };
    }),
    serve(removeSystemMember, async ({ asker, params }) => {
      await assignments.removeInSystem(asker, params.member_id);
      return { status: 200 };
    }),
    serve(listRepositoryMembers, async ({ project, query, url }) => {
      const page = readListQuery(query);
      const found = await assignments.listInProject(project.id, page);
      return listReply(found.assignments.map(showInProject), found.total, page, url);
    }),
    serve(addRepositoryMember, async ({ asker, project, body }) => {
      const given = { sought: readSought(body), pattern: body.pattern, roleId: body.role_id };
      const id = await assignments.addInProject(asker, project, given);
      return { status: 201, headers: { Location: `/api/entrepot/v1/projects/${project.id}/repository-members/${id}` } };
    }),
    serve(updateRepositoryMember, async ({ asker, project, params, body }) => {
      await assignments.changeInProject(asker, project, params.member_id, body.role_id);
      return { status: 200 };
    }),
    serve(removeRepositoryMember, async ({ asker, project, params }) => {
      await assignments.removeInProject(asker, project, params.member_id);
      return { status: 200 };
    }),
  ];
}
