import { listLabels } from '@entrepot/contract/harbor/label';
import { manageVerb } from '#src/management/manage-verb';
import { findProject } from '#src/management/find-one';
import { listAll } from '#src/management/list-all';
import { formatTable } from '#src/output/table';

export const labelLsVerb = manageVerb({
  name: 'label ls',
  description: 'List the labels for all projects, or those of one project.',
  arguments: {},
  options: { project: { kind: 'text', flags: '--project <name>', describes: 'Those of this project.' } },
  examples: [{ does: 'See the labels of a project', command: 'entrepot label ls --project team' }],
  async work(client, { options: { project } }) {
    const place =
      project === undefined
        ? { scope: 'g' as const }
        : { scope: 'p' as const, project_id: (await findProject(client, project)).project_id };
    const labels = await Array.fromAsync(listAll(client, listLabels, { query: place }));
    const rows = labels.map((label) => [label.name ?? '', label.color ?? '', label.description ?? '']);
    return { data: labels, said: formatTable(['NAME', 'COLOUR', 'DESCRIPTION'], rows) };
  },
});
