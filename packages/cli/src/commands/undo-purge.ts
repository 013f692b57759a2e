import { purgeDeletion } from '@entrepot/contract/entrepot/undo';
import { readDeletionId } from '#src/management/deletions';
import { manageVerb } from '#src/management/manage-verb';

export const undoPurgeVerb = manageVerb({
  name: 'undo purge',
  description:
    'Remove what was deleted before its time, so that nobody can have it back. Layers that nothing else needs go with ' +
    'the next collections.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    ID: { kind: 'one', describes: 'The number of the deletion, from undo ls.' },
  },
  options: {},
  examples: [{ does: 'Get rid of an image with a secret in it', command: 'entrepot undo purge team 17' }],
  question: ({ arguments: { PROJECT, ID } }) => `Remove deletion ${ID} of ${PROJECT} for good?`,
  async work(client, { arguments: { PROJECT, ID } }) {
    const id = readDeletionId(ID);
    await client.call(purgeDeletion, { params: { project_name: PROJECT, deletion_id: id } });
    return { data: { deletion: id, purged: true }, said: `Removed deletion ${id} for good\n` };
  },
});
