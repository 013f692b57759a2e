import { manageVerb } from '#src/management/manage-verb';
import { createLocalGroup } from '@entrepot/contract/entrepot/group';

export const groupCreateVerb = manageVerb({
  name: 'group create',
  description: 'Create a group that is kept here by hand. Those of a directory or a provider are made there.',
  arguments: { NAME: { kind: 'one', describes: 'The name of the group.' } },
  options: {},
  examples: [{ does: 'Create a group', command: 'entrepot group create auditors' }],
  async work(client, { arguments: { NAME } }) {
    await client.call(createLocalGroup, { body: { name: NAME } });
    return { data: { group: NAME, created: true }, said: `Created the group ${NAME}\n` };
  },
});
