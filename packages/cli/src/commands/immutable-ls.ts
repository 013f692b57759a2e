import { listImmutableRules } from '@entrepot/contract/harbor/immutable';
import { byName } from '#src/management/find-one';
import { patternsOf } from '#src/management/immutable-tags';
import { listVerb } from '#src/management/list-verb';

export const immutableLsVerb = listVerb({
  name: 'immutable ls',
  description: 'List which tags of a project neither move nor go.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {},
  examples: [{ does: 'See the immutable tags of a project', command: 'entrepot immutable ls team' }],
  record: listImmutableRules,
  input: ({ arguments: { PROJECT } }) => ({ params: { project_name_or_id: PROJECT }, headers: byName }),
  headings: ['ID', 'TAGS', 'EXCEPT', 'REPOSITORIES', 'STATE'],
  row(rule) {
    const { rule: said } = patternsOf(rule);
    return [String(rule.id), said.tags, said.except, said.repositories ?? '**', said.enabled ? 'active' : 'off'];
  },
});
