import { manageVerb } from '#src/management/manage-verb';
import { deleteLabel, listLabels } from '@entrepot/contract/harbor/label';
import { MissingError } from '#src/failures/failures';
import { findProject } from '#src/management/find-one';
import { listAll } from '#src/management/list-all';

export const labelRmVerb = manageVerb({
  name: 'label rm',
  description: 'Remove a label, from everything that has it as well.',
  arguments: { NAME: { kind: 'one', describes: 'The label.' } },
  options: { project: { kind: 'text', flags: '--project <name>', describes: 'The project it is of.' } },
  examples: [
    { does: 'Remove a label of a project, asked first', command: 'entrepot label rm approved --project team' },
  ],
  question: ({ arguments: { NAME } }) => `Remove the label ${NAME}?`,
  async work(client, { arguments: { NAME }, options: { project } }) {
    const place =
      project === undefined
        ? { scope: 'g' as const }
        : { scope: 'p' as const, project_id: (await findProject(client, project)).project_id };
    const labels = await Array.fromAsync(listAll(client, listLabels, { query: { ...place, name: NAME } }));
    const label = labels.find(({ name }) => name === NAME);
    if (label === undefined) {
      throw new MissingError(`there is no label ${NAME}`, 'see which are: entrepot label ls [--project NAME]');
    }
    await client.call(deleteLabel, { params: { label_id: label.id ?? 0 } });
    return { data: { label: NAME, removed: true }, said: `Removed the label ${NAME}\n` };
  },
});
