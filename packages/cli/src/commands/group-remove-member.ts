import { manageVerb } from '#src/management/manage-verb';
import { listLocalGroupMembers, removeLocalGroupMember } from '@entrepot/contract/entrepot/group';
import { MissingError } from '#src/failures/failures';
import { findLocalGroup } from '#src/management/find-one';
import { listAll } from '#src/management/list-all';

export const groupRemoveMemberVerb = manageVerb({
  name: 'group remove-member',
  description: 'Take a user out of a group that is kept here, and with that what the group may.',
  arguments: {
    GROUP: { kind: 'one', describes: 'The name of the group.' },
    USER: { kind: 'one', describes: 'The name of the user.' },
  },
  options: {},
  examples: [{ does: 'Take somebody out, asked first', command: 'entrepot group remove-member auditors anna' }],
  question: ({ arguments: { GROUP, USER } }) => `Take ${USER} out of ${GROUP}?`,
  async work(client, { arguments: { GROUP, USER } }) {
    const { id } = await findLocalGroup(client, GROUP);
    const members = await Array.fromAsync(listAll(client, listLocalGroupMembers, { params: { group_id: id } }));
    const member = members.find(({ username }) => username === USER);
    if (member === undefined) {
      throw new MissingError(`${USER} is not in ${GROUP}`);
    }
    await client.call(removeLocalGroupMember, { params: { group_id: id, user_id: member.user_id } });
    return { data: { group: GROUP, member: USER, removed: true }, said: `${USER} is no longer in ${GROUP}\n` };
  },
});
