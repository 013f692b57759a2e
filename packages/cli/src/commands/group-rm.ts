import { manageVerb } from '#src/management/manage-verb';
import { deleteLocalGroup } from '@entrepot/contract/entrepot/group';
import { deleteUserGroup } from '@entrepot/contract/harbor/user-group';
import { findGroup } from '#src/management/find-one';

export const groupRmVerb = manageVerb({
  name: 'group rm',
  description: 'Remove a group with its roles; its members stay.',
  arguments: { NAME: { kind: 'one', describes: 'The group.' } },
  options: {},
  examples: [{ does: 'Remove a group, asked first', command: 'entrepot group rm contractors' }],
  question: ({ arguments: { NAME } }) => `Remove the group ${NAME} and its roles?`,
  async work(client, { arguments: { NAME } }) {
    const { id, isLocal } = await findGroup(client, NAME);
    const params = { group_id: id };
    await (isLocal ? client.call(deleteLocalGroup, { params }) : client.call(deleteUserGroup, { params }));
    return { data: { group: NAME, removed: true }, said: `Removed the group ${NAME}\n` };
  },
});
