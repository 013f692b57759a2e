import { listRetentionExecutions } from '@entrepot/contract/harbor/retention';
import { listAll } from '#src/management/list-all';
import { manageVerb } from '#src/management/manage-verb';
import { findPolicy } from '#src/management/retention-policy';
import { formatTable } from '#src/output/table';

export const retentionRunsVerb = manageVerb({
  name: 'retention runs',
  description: 'List the runs of the rules of a project, the newest first.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {
    limit: {
      kind: 'integer',
      flags: '-n, --limit <number>',
      describes: 'At most so many.',
      min: 1,
      max: 1000,
      default: 20,
    },
  },
  examples: [{ does: 'See the last runs', command: 'entrepot retention runs team' }],
  async work(client, { arguments: { PROJECT }, options: { limit } }) {
    const { id } = await findPolicy(client, PROJECT);
    const runs = await Array.fromAsync(listAll(client, listRetentionExecutions, { params: { id } }, limit));
    const rows = runs.map((run) => [
      String(run.id),
      run.start_time ?? '',
      run.trigger ?? '',
      run.dry_run === true ? 'dry' : '',
      run.status ?? '',
    ]);
    return { data: runs, said: formatTable(['RUN', 'TIME', 'TRIGGER', 'DRY', 'STATE'], rows) };
  },
});
