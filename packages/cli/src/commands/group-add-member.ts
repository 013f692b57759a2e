import { manageVerb } from '#src/management/manage-verb';
import { addLocalGroupMember } from '@entrepot/contract/entrepot/group';
import { findLocalGroup } from '#src/management/find-one';

export const groupAddMemberVerb = manageVerb({
  name: 'group add-member',
  description: 'Put a user into a group that is kept here. What the group may, the user may then too.',
  arguments: {
    GROUP: { kind: 'one', describes: 'The name of the group.' },
    USER: { kind: 'one', describes: 'The name of the user.' },
  },
  options: {},
  examples: [{ does: 'Put somebody into a group', command: 'entrepot group add-member auditors anna' }],
  async work(client, { arguments: { GROUP, USER } }) {
    const { id } = await findLocalGroup(client, GROUP);
    await client.call(addLocalGroupMember, { params: { group_id: id }, body: { username: USER } });
    return { data: { group: GROUP, member: USER, added: true }, said: `${USER} is in ${GROUP} now\n` };
  },
});
