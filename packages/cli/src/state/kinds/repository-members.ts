import {
  addRepositoryMember,
  listRepositoryMembers,
  removeRepositoryMember,
  updateRepositoryMember,
} from '@entrepot/contract/entrepot/role';
import { listAll } from '#src/management/list-all';
import { brief, inProject, type Kind } from '#src/state/kind';
import { name, needed, optional, type Read, type ReadBy, record, text } from '#src/state/read-value';
import { findRoleId, roleNameOf } from '#src/state/role-names';
import { checkWhom, keyOfWhom, whomOf, writeRole } from './members.ts';

const plain = record({
  pattern: needed(text({ most: 255, pattern: /\S/, what: 'a pattern such as app/**' })),
  user: optional(name),
  group: optional(name),
  role: needed(name),
});

type RepositoryMember = ReadBy<typeof plain>;

const read: Read<RepositoryMember> = (value, place) => {
  const member = plain(value, place);
  if (member !== undefined) {
    checkWhom(member, place);
  }
  return member;
};

/** Who has a role in some repositories of a project. */
export const repositoryMembers: Kind<RepositoryMember> = {
  noun: 'repository member',
  read,
  write: ({ role, ...member }, project) => brief({ ...member, role: writeRole(role, project) }),
  keyOf: (member) => `${keyOfWhom(member)} in ${member.pattern}`,
  async list(client, project) {
    const found = await Array.fromAsync(listAll(client, listRepositoryMembers, inProject(project)));
    return found.map(({ id, pattern, entity_type: type, entity_name: called, role_id: roleId, role_name: role }) => ({
      id,
      entry: { pattern, ...whomOf(type, called), role: roleNameOf(roleId, role) },
    }));
  },
  async create({ client }, { pattern, user, group, role }, project) {
    const whom = user === undefined ? { group: { name: group } } : { user: { name: user } };
    const body = { role_id: await findRoleId(client, role), pattern, ...whom };
    await client.call(addRepositoryMember, { ...inProject(project), body });
  },
  async change({ client }, { role }, { id }, project) {
    const { params, headers } = inProject(project);
    const body = { role_id: await findRoleId(client, role) };
    await client.call(updateRepositoryMember, { params: { ...params, member_id: id }, headers, body });
  },
  async remove({ client }, { id }, project) {
    const { params, headers } = inProject(project);
    await client.call(removeRepositoryMember, { params: { ...params, member_id: id }, headers });
  },
};
