import { manageVerb } from '#src/management/manage-verb';
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
    const group = await findGroup(client, NAME);
    await client.call(deleteUserGroup, { params: { group_id: group.id ?? 0 } });
    return { data: { group: NAME, removed: true }, said: `Removed the group ${NAME}\n` };
  },
});
