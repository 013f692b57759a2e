import {
  createProjectMember,
  deleteProjectMember,
  getProjectMember,
  listProjectMembers,
  updateProjectMember,
} from '@entrepot/contract/harbor/member';
import { RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { Members } from './service.ts';
import type { Member, MemberSought } from './types.ts';

const show = (member: Member) => ({
  id: member.id,
  project_id: member.projectId,
  entity_name: member.entityName,
  role_name: member.roleName,
  role_id: member.roleId,
  entity_id: member.entityId,
  entity_type: member.entityType,
});

interface Named {
  readonly member_user?:
    | { readonly user_id?: number | null | undefined; readonly username?: string | null | undefined }
    | null
    | undefined;
  readonly member_group?:
    | {
        readonly id?: number | null | undefined;
        readonly group_name?: string | null | undefined;
        readonly group_type?: number | null | undefined;
        readonly ldap_group_dn?: string | null | undefined;
      }
    | null
    | undefined;
}

/** Clients send both and leave one empty: nought and the empty text say nothing. */
function readSought({ member_user: user, member_group: group }: Named): MemberSought {
  const byUser = { id: user?.user_id || undefined, name: user?.username || undefined };
  const byGroup = {
    id: group?.id || undefined,
    name: group?.group_name || undefined,
    type: group?.group_type || undefined,
    dn: group?.ldap_group_dn || undefined,
  };
  const namesUser = byUser.id !== undefined || byUser.name !== undefined;
  const namesGroup = byGroup.id !== undefined || byGroup.name !== undefined || byGroup.dn !== undefined;
  if (namesUser === namesGroup) {
    throw new RegistryError('body-invalid', 'body: name either a member_user or a member_group.');
  }
  const texts = [byUser.name, byGroup.name, byGroup.dn];
  if (texts.some((text) => text !== undefined && /\p{Cc}/u.test(text))) {
    throw new RegistryError('body-invalid', 'body: a name has no control characters.');
  }
  return namesUser ? { kind: 'user', ...byUser } : { kind: 'group', ...byGroup };
}

/** Harbor's five operations on the members of a project. */
export function memberRoutes({ members }: { readonly members: Members }): ManagedRoute[] {
  return [
    serve(listProjectMembers, async ({ project, query, url }) => {
      const { page, pageSize } = readListQuery(query);
      const found = await members.list(project.id, { name: query.entityname ?? '', page, pageSize });
      return listReply(found.members.map(show), found.total, { page, pageSize }, url);
    }),
    serve(createProjectMember, async ({ asker, project, body }) => {
      const id = await members.add(asker, project, readSought(body), body.role_id);
      return { status: 201, headers: { Location: `/api/v2.0/projects/${project.id}/members/${id}` } };
    }),
    serve(getProjectMember, async ({ project, params }) => ({
      status: 200,
      body: show(await members.get(project, params.mid)),
    })),
    serve(updateProjectMember, async ({ asker, project, params, body }) => {
      await members.change(asker, project, params.mid, body.role_id);
      return { status: 200 };
    }),
    serve(deleteProjectMember, async ({ asker, project, params }) => {
      await members.remove(asker, project, params.mid);
      return { status: 200 };
    }),
  ];
}
