import { listAllDeletions, restoreProject } from '@entrepot/contract/entrepot/undo';
import { MissingError } from '#src/failures/failures';
import { listAll } from '#src/management/list-all';
import { manageVerb } from '#src/management/manage-verb';

export const undoProjectVerb = manageVerb({
  name: 'undo project',
  description:
    'Make a deleted project again as it was, with its members, robots and rules. What it held was deleted before it: ' +
    'see undo ls PROJECT then.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {},
  examples: [{ does: 'Have a project back', command: 'entrepot undo project team' }],
  async work(client, { arguments: { PROJECT } }) {
    const query = { q: `kind=project,project_name=${PROJECT}` };
    const [deletion] = await Array.fromAsync(listAll(client, listAllDeletions, { query }, 1));
    if (deletion === undefined) {
      throw new MissingError(
        `no project ${PROJECT} that was deleted can be had back`,
        'see which can: entrepot undo ls',
      );
    }
    const { body } = await client.call(restoreProject, { params: { deletion_id: deletion.id } });
    const left = body.left.map((one) => `Not restored: ${one}\n`).join('');
    return {
      data: body,
      said: `Restored the project ${PROJECT}\n${left}What it held: entrepot undo ls ${PROJECT}\n`,
    };
  },
});
