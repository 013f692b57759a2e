import { deleteProjectTiering, getProjectTiering, putProjectTiering } from '@entrepot/contract/entrepot/storage';
import { UsageError } from '#src/failures/failures';
import { byName } from '#src/management/find-one';
import { manageVerb } from '#src/management/manage-verb';
import { readSize } from '#src/management/read-size';
import { formatBytes } from '#src/output/byte-size';
import { formatFields } from '#src/output/table';

const daySeconds = 86_400;

export const storagePolicyVerb = manageVerb({
  name: 'storage policy',
  description:
    'Show, or say with options, when the content of a project goes to the cold tier. What several projects hold, the ' +
    'most patient of them keeps in the hot one.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {
    afterDays: {
      kind: 'integer',
      flags: '--after-days <number>',
      describes: 'So many days after its last use.',
      min: 0,
      max: 3650,
    },
    minSize: { kind: 'text', flags: '--min-size <size>', describes: 'Only blobs of this size or more, such as 4MiB.' },
    never: { kind: 'flag', flags: '--never', describes: 'Nothing of the project goes there.' },
    inherit: { kind: 'flag', flags: '--inherit', describes: 'As in the whole registry again.' },
  },
  examples: [
    { does: 'See when', command: 'entrepot storage policy team' },
    { does: 'Let it go after a week', command: 'entrepot storage policy team --after-days 7' },
    { does: 'Keep all of it near', command: 'entrepot storage policy team --never' },
  ],
  async work(client, { arguments: { PROJECT }, options: { afterDays, minSize, never, inherit } }) {
    const at = { params: { project_name_or_id: PROJECT }, headers: byName };
    const sets = afterDays !== undefined || minSize !== undefined;
    if ([sets, never === true, inherit === true].filter(Boolean).length > 1) {
      throw new UsageError('--never, --inherit and what says when exclude each other');
    }
    if (inherit === true) await client.call(deleteProjectTiering, at);
    else if (sets || never === true) {
      await client.call(putProjectTiering, {
        ...at,
        body: {
          enabled: never !== true,
          ...(afterDays !== undefined && { after_seconds: afterDays * daySeconds }),
          ...(minSize !== undefined && { min_size: readSize(minSize) }),
        },
      });
    }
    const { body: rule } = await client.call(getProjectTiering, at);
    const inherited = 'as in the whole registry';
    const said = formatFields([
      ['Goes to the cold tier', rule.inherited ? inherited : rule.enabled === true ? 'yes' : 'never'],
      [
        'After',
        rule.after_seconds === undefined ? inherited : `${Number((rule.after_seconds / daySeconds).toFixed(2))} days`,
      ],
      ['Smaller ones stay', rule.min_size === undefined ? inherited : formatBytes(rule.min_size)],
    ]);
    return { data: { project: PROJECT, ...rule }, said };
  },
});
