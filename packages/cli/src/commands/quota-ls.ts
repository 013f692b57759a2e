import { listVerb } from '#src/management/list-verb';
import { listQuotas } from '@entrepot/contract/harbor/quota';
import { formatBytes } from '#src/output/byte-size';

export const quotaLsVerb = listVerb({
  name: 'quota ls',
  description: 'List how much each project holds and may hold, the fullest first.',
  arguments: {},
  options: {},
  examples: [{ does: 'See what is full', command: 'entrepot quota ls' }],
  record: listQuotas,
  input: () => ({ query: { sort: '-used.storage' } }),
  headings: ['PROJECT', 'USED', 'LIMIT', 'ARTIFACTS', 'MOST'],
  row: (quota) => [
    quota.ref?.name,
    formatBytes(quota.used?.['storage'] ?? 0),
    (quota.hard?.['storage'] ?? -1) < 0 ? 'unlimited' : formatBytes(quota.hard?.['storage'] ?? 0),
    quota.used?.['count'],
    (quota.hard?.['count'] ?? -1) < 0 ? 'unlimited' : quota.hard?.['count'],
  ],
});
