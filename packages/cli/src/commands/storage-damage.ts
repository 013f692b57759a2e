import { listStorageDamage } from '@entrepot/contract/entrepot/storage';
import { listVerb } from '#src/management/list-verb';
import { formatBytes } from '#src/output/byte-size';

export const storageDamageVerb = listVerb({
  name: 'storage damage',
  description: 'List stored content that was found damaged, and the images that need it.',
  arguments: {},
  options: { all: { kind: 'flag', flags: '-a, --all', describes: 'What was mended since, too.' } },
  examples: [{ does: 'See what is to be pushed again', command: 'entrepot storage damage' }],
  record: listStorageDamage,
  input: ({ options: { all } }) => ({ query: { all: all === true } }),
  headings: ['DIGEST', 'SIZE', 'WHAT', 'FOUND', 'MENDED', 'NEEDED BY'],
  row: (damage) => [
    damage.digest,
    formatBytes(damage.size),
    damage.reason,
    damage.found_time,
    damage.mended_by,
    damage.artifacts
      .map(({ repository, digest, tags }) =>
        tags.length === 0 ? `${repository}@${digest}` : `${repository}:${tags.join(',')}`,
      )
      .join(' '),
  ],
});
