import { getProjectUsage } from '@entrepot/contract/entrepot/quota';
import { byName } from '#src/management/find-one';
import { manageVerb } from '#src/management/manage-verb';
import { formatBytes } from '#src/output/byte-size';
import { formatFields } from '#src/output/table';

export const quotaShowVerb = manageVerb({
  name: 'quota show',
  description:
    'Show how much a project holds and may hold: unique is what counts, with shared layers once; logical what its ' +
    'artifacts would take if they shared nothing; what other projects hold too would not be freed with it.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {},
  examples: [{ does: 'See what a project holds', command: 'entrepot quota show team' }],
  async work(client, { arguments: { PROJECT } }) {
    const { body: usage } = await client.call(getProjectUsage, {
      params: { project_name_or_id: PROJECT },
      headers: byName,
    });
    const { hard } = usage;
    const said = formatFields([
      ['Unique', `${formatBytes(usage.unique_size)} of ${hard.storage < 0 ? 'unlimited' : formatBytes(hard.storage)}`],
      ['Logical', formatBytes(usage.logical_size)],
      ['Shared with other projects', formatBytes(usage.shared_size)],
      ['Arriving', formatBytes(usage.arriving_size)],
      ['Artifacts', `${usage.artifacts} of ${hard.count < 0 ? 'unlimited' : hard.count}`],
      ['Manifests', String(usage.manifests)],
      ['Blobs', String(usage.blobs)],
    ]);
    return { data: { project: PROJECT, ...usage }, said };
  },
});
