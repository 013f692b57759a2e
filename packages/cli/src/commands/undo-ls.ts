import { listAllDeletions, listDeletions } from '@entrepot/contract/entrepot/undo';
import { deletionHeadings, rowOfDeletion } from '#src/management/deletions';
import { listAll } from '#src/management/list-all';
import { manageVerb } from '#src/management/manage-verb';
import { formatTable } from '#src/output/table';

export const undoLsVerb = manageVerb({
  name: 'undo ls',
  description:
    'List what was deleted and can be had back, the latest first: of a project, or of the whole registry, where ' +
    'administrators see deleted projects too.',
  arguments: { PROJECT: { kind: 'optional', describes: 'The name of the project.' } },
  options: {
    repository: {
      kind: 'text',
      flags: '--repository <text>',
      describes: 'Only of repositories with this in their name.',
    },
    by: { kind: 'text', flags: '--by <name>', describes: 'Only what this account deleted.' },
    kind: {
      kind: 'choice',
      flags: '--kind <kind>',
      choices: ['artifact', 'tag', 'repository', 'project'],
      describes: 'Only of this kind.',
    },
    limit: {
      kind: 'integer',
      flags: '-n, --limit <number>',
      describes: 'At most so many.',
      min: 1,
      max: 1_000_000,
      default: 100,
    },
  },
  examples: [
    { does: 'See what can be had back', command: 'entrepot undo ls team' },
    { does: 'See what somebody deleted in the whole registry', command: 'entrepot undo ls --by robot$team+ci' },
  ],
  async work(client, { arguments: { PROJECT }, options: { repository, by, kind, limit } }) {
    const conditions = [
      ...(repository === undefined ? [] : [`repository=~${repository}`]),
      ...(by === undefined ? [] : [`actor=${by}`]),
      ...(kind === undefined ? [] : [`kind=${kind}`]),
    ];
    const query = conditions.length === 0 ? {} : { q: conditions.join(',') };
    const entries =
      PROJECT === undefined
        ? listAll(client, listAllDeletions, { query }, limit)
        : listAll(client, listDeletions, { params: { project_name: PROJECT }, query }, limit);
    const found = await Array.fromAsync(entries);
    const rows = found.map((deletion) => rowOfDeletion(deletion).map(String));
    return { data: found, said: formatTable(deletionHeadings, rows) };
  },
});
