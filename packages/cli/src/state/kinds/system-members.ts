import { addSystemMember, listSystemMembers, removeSystemMember } from '@entrepot/contract/entrepot/role';
import { listAll } from '#src/management/list-all';
import { brief, type Kind } from '#src/state/kind';
import { findRoleId, roleNameOf } from '#src/state/role-names';
import { keyOfWhom, members, whomOf } from './members.ts';

type SystemMember = Parameters<typeof members.keyOf>[0];

/** Who has a role in the whole registry. One may have several, so nothing is ever changed: it is there or not. */
export const systemMembers: Kind<SystemMember> = {
  noun: 'member',
  read: members.read,
  write: brief as Kind<SystemMember>['write'],
  keyOf: (member) => `${keyOfWhom(member)} as ${member.role}`,
  async list(client) {
    const found = await Array.fromAsync(listAll(client, listSystemMembers));
    return found.map((member) => ({
      id: member.id,
      entry: {
        ...whomOf(member.entity_type, member.entity_name),
        role: roleNameOf(member.role_id, member.role_name),
      },
    }));
  },
  async create({ client }, { user, group, role }) {
    const whom = user === undefined ? { group: { name: group } } : { user: { name: user } };
    await client.call(addSystemMember, { body: { role_id: await findRoleId(client, role), ...whom } });
  },
  async change() {},
  async remove({ client }, { id }) {
    await client.call(removeSystemMember, { params: { member_id: id } });
  },
};
