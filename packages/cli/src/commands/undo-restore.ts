import { readDeletionId, undoDeletion } from '#src/management/deletions';
import { manageVerb } from '#src/management/manage-verb';

export const undoRestoreVerb = manageVerb({
  name: 'undo restore',
  description:
    'Bring back what was deleted. What is there already is skipped, and a tag that points elsewhere by now stays there.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    ID: { kind: 'one', describes: 'The number of the deletion, from undo ls.' },
  },
  options: {},
  examples: [{ does: 'Undo a deletion', command: 'entrepot undo restore team 17' }],
  work: async (client, { arguments: { PROJECT, ID } }) => undoDeletion(client, PROJECT, readDeletionId(ID)),
});
