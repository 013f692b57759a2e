import { deleteRetention } from '@entrepot/contract/harbor/retention';
import { manageVerb } from '#src/management/manage-verb';
import { findPolicy } from '#src/management/retention-policy';

export const retentionRmVerb = manageVerb({
  name: 'retention rm',
  description: 'Remove the retention policy of a project; nothing is deleted by rules any more.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {},
  examples: [{ does: 'Keep everything again, asked first', command: 'entrepot retention rm team' }],
  question: ({ arguments: { PROJECT } }) => `Remove the retention policy of ${PROJECT}?`,
  async work(client, { arguments: { PROJECT } }) {
    const { id } = await findPolicy(client, PROJECT);
    await client.call(deleteRetention, { params: { id } });
    return { data: { project: PROJECT, removed: true }, said: `${PROJECT} keeps everything again\n` };
  },
});
