import {
  addLocalGroupMember,
  createLocalGroup,
  deleteLocalGroup,
  getLocalGroup,
  listLocalGroupMembers,
  listLocalGroups,
  removeLocalGroupMember,
  updateLocalGroup,
} from '@entrepot/contract/entrepot/group';
import {
  createUserGroup,
  deleteUserGroup,
  getUserGroup,
  listUserGroups,
  searchUserGroups,
  updateUserGroup,
} from '@entrepot/contract/harbor/user-group';
import { RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { Groups } from './service.ts';
import { type Group, groupTypes } from './types.ts';

const harborTypes: readonly number[] = [groupTypes.ldap, groupTypes.http, groupTypes.oidc];
const ownTypes: readonly number[] = [groupTypes.local];

const showFound = ({ id, name, type }: Group) => ({ id, group_name: name, group_type: type });
const show = (group: Group) => ({ ...showFound(group), ldap_group_dn: group.dn });

const showOwn = (group: Group) => ({
  id: group.id,
  name: group.name,
  creation_time: new Date(group.createdAt).toISOString(),
  update_time: new Date(group.updatedAt).toISOString(),
});

/** Harbor's six operations on groups that are known elsewhere. */
export function userGroupRoutes({ groups }: { readonly groups: Groups }): ManagedRoute[] {
  return [
    serve(listUserGroups, async ({ query, url }) => {
      const page = readListQuery(query);
      const found = await groups.list({
        types: harborTypes,
        name: query.group_name,
        dn: query.ldap_group_dn,
        page: page.page,
        pageSize: page.pageSize,
      });
      return listReply(found.groups.map(show), found.total, page, url);
    }),
    serve(createUserGroup, async ({ asker, body }) => {
      const dn = body.ldap_group_dn ?? '';
      // Clients that name a place in the directory leave the type out.
      const type = body.group_type || (dn === '' ? 0 : groupTypes.ldap);
      if (!harborTypes.includes(type)) {
        throw new RegistryError('body-invalid', 'body.group_type: 1 of a directory, 2 of a proxy, 3 of a provider.');
      }
      const id = await groups.create(asker, { name: body.group_name, type, dn: type === groupTypes.ldap ? dn : '' });
      return { status: 201, headers: { Location: `/api/v2.0/usergroups/${id}` } };
    }),
    serve(searchUserGroups, async ({ query, url }) => {
      const page = readListQuery(query);
      const found = await groups.list({
        types: harborTypes,
        name: query.groupname,
        page: page.page,
        pageSize: page.pageSize,
      });
      return listReply(found.groups.map(showFound), found.total, page, url);
    }),
    serve(getUserGroup, async ({ params }) => ({
      status: 200,
      body: show(await groups.get(params.group_id, harborTypes)),
    })),
    serve(updateUserGroup, async ({ asker, params, body }) => {
      await groups.rename(asker, await groups.get(params.group_id, harborTypes), body.group_name);
      return { status: 200 };
    }),
    serve(deleteUserGroup, async ({ asker, params }) => {
      await groups.remove(asker, await groups.get(params.group_id, harborTypes));
      return { status: 200 };
    }),
  ];
}

/** Groups that are kept by hand, which Harbor has not. */
export function localGroupRoutes({ groups }: { readonly groups: Groups }): ManagedRoute[] {
  const get = (id: number) => groups.get(id, ownTypes);
  return [
    serve(listLocalGroups, async ({ query, url }) => {
      const { page, pageSize } = readListQuery(query);
      const found = await groups.list({ types: ownTypes, name: query.name, page, pageSize });
      return listReply(found.groups.map(showOwn), found.total, { page, pageSize }, url);
    }),
    serve(createLocalGroup, async ({ asker, body }) => {
      const id = await groups.create(asker, { name: body.name, type: groupTypes.local, dn: '' });
      return { status: 201, headers: { Location: `/api/entrepot/v1/groups/${id}` } };
    }),
    serve(getLocalGroup, async ({ params }) => ({ status: 200, body: showOwn(await get(params.group_id)) })),
    serve(updateLocalGroup, async ({ asker, params, body }) => {
      await groups.rename(asker, await get(params.group_id), body.name);
      return { status: 200 };
    }),
    serve(deleteLocalGroup, async ({ asker, params }) => {
      await groups.remove(asker, await get(params.group_id));
      return { status: 200 };
    }),
    serve(listLocalGroupMembers, async ({ params, query, url }) => {
      const page = readListQuery(query);
      const group = await get(params.group_id);
      const found = await groups.listPeople(group.id, page);
      const shown = found.people.map(({ id, name }) => ({ user_id: id, username: name }));
      return listReply(shown, found.total, page, url);
    }),
    serve(addLocalGroupMember, async ({ asker, params, body }) => {
      const group = await get(params.group_id);
      const { user_id: id, username: name } = body;
      if (Boolean(id) === Boolean(name)) {
        throw new RegistryError('body-invalid', 'body: name the user either by user_id or by username.');
      }
      await groups.addPerson(asker, group, id ? { id } : { name: name ?? '' });
      return { status: 201 };
    }),
    serve(removeLocalGroupMember, async ({ asker, params }) => {
      await groups.removePerson(asker, await get(params.group_id), params.user_id);
      return { status: 200 };
    }),
  ];
}
