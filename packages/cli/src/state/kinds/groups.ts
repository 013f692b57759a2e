import {
  addLocalGroupMember,
  createLocalGroup,
  deleteLocalGroup,
  listLocalGroupMembers,
  listLocalGroups,
  removeLocalGroupMember,
} from '@entrepot/contract/entrepot/group';
import type { ManagementClient } from '#src/management/client';
import { findLocalGroup, findUser } from '#src/management/find-one';
import { listAll } from '#src/management/list-all';
import type { Kind, Work } from '#src/state/kind';
import { name, needed, optional, type ReadBy, record, set } from '#src/state/read-value';

const read = record({ name: needed(name), members: optional(set(name)) });

type Group = ReadBy<typeof read>;

async function membersOf(client: ManagementClient, id: number): Promise<string[]> {
  const members = await Array.fromAsync(listAll(client, listLocalGroupMembers, { params: { group_id: id } }));
  return members.map(({ username }) => username).sort();
}

async function add({ client }: Work, id: number, members: readonly string[]): Promise<void> {
  for (const username of members) {
    await client.call(addLocalGroupMember, { params: { group_id: id }, body: { username } });
  }
}

/** Groups that are kept by hand; those of directories and providers are made there. */
export const groups: Kind<Group> = {
  noun: 'group',
  read,
  write: ({ name: called, members }) => ({ name: called, members: members ?? [] }),
  keyOf: (group) => group.name,
  async list(client) {
    const found = await Array.fromAsync(listAll(client, listLocalGroups));
    const withMembers = found.map(async ({ id, name: called }) => ({
      id,
      entry: { name: called, members: await membersOf(client, id) },
    }));
    return Promise.all(withMembers);
  },
  async create(work, { name: called, members = [] }) {
    await work.client.call(createLocalGroup, { body: { name: called } });
    await add(work, (await findLocalGroup(work.client, called)).id, members);
  },
  async change(work, { members = [] }, { id, entry: { members: before = [] } }) {
    await add(
      work,
      id,
      members.filter((member) => !before.includes(member)),
    );
    for (const member of before.filter((one) => !members.includes(one))) {
      const user = await findUser(work.client, member);
      await work.client.call(removeLocalGroupMember, { params: { group_id: id, user_id: user.user_id ?? 0 } });
    }
  },
  async remove({ client }, { id }) {
    await client.call(deleteLocalGroup, { params: { group_id: id } });
  },
};
