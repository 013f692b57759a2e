import { getTagHistory } from '@entrepot/contract/entrepot/undo';
import { splitTag } from '#src/management/deletions';
import { listVerb } from '#src/management/list-verb';
import { tagArgument } from '#src/management/named-in-registry';

export const historyVerb = listVerb({
  name: 'history',
  description: 'List every change of a tag, the latest first: who moved it when, from where and to where.',
  arguments: { TAG: tagArgument },
  options: {},
  examples: [{ does: 'See what a tag pointed at', command: 'entrepot history team/app:live' }],
  record: getTagHistory,
  input: ({ arguments: { TAG } }) => ({ params: splitTag(TAG) }),
  headings: ['AT', 'BY', 'FROM', 'TO', 'RESTORABLE'],
  row: ({ at, actor, from, to, restorable }) => [at, actor ?? '', from ?? '-', to ?? '-', restorable ? 'yes' : 'no'],
});
