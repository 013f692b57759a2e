import { manageVerb } from '#src/management/manage-verb';
import { createLabel } from '@entrepot/contract/harbor/label';
import { findProject } from '#src/management/find-one';

export const labelCreateVerb = manageVerb({
  name: 'label create',
  description: 'Create a label for all projects, or for one project.',
  arguments: { NAME: { kind: 'one', describes: 'The label.' } },
  options: {
    project: { kind: 'text', flags: '--project <name>', describes: 'The project it is for.' },
    color: { kind: 'text', flags: '--color <colour>', describes: 'As #0088cc.', default: '#0088cc' },
    description: { kind: 'text', flags: '--description <text>', describes: 'What it says.', default: '' },
  },
  examples: [
    { does: 'Create a label of a project', command: 'entrepot label create approved --project team --color "#00aa44"' },
  ],
  async work(client, { arguments: { NAME }, options: { project, color, description } }) {
    const place =
      project === undefined
        ? { scope: 'g' as const }
        : { scope: 'p' as const, project_id: (await findProject(client, project)).project_id };
    await client.call(createLabel, { body: { name: NAME, color, description, ...place } });
    return { data: { label: NAME, created: true }, said: `Created the label ${NAME}\n` };
  },
});
