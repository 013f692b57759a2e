import { findLastDeletion, nameOfDeletion, undoDeletion } from '#src/management/deletions';
import { manageVerb } from '#src/management/manage-verb';

export const undoLastVerb = manageVerb({
  name: 'undo last',
  description: 'Bring back what was deleted last in a project, whoever deleted it.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {},
  examples: [{ does: 'Take back what just went wrong', command: 'entrepot undo last team' }],
  async work(client, { arguments: { PROJECT } }) {
    const deletion = await findLastDeletion(client, PROJECT);
    const { data, said } = await undoDeletion(client, PROJECT, deletion.id);
    return { data, said: `${nameOfDeletion(deletion)}, deleted by ${deletion.actor}:\n${said}` };
  },
});
