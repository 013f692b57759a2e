import { deleteImmutableRule } from '@entrepot/contract/harbor/immutable';
import { UsageError } from '#src/failures/failures';
import { byName } from '#src/management/find-one';
import { manageVerb } from '#src/management/manage-verb';

export const immutableRmVerb = manageVerb({
  name: 'immutable rm',
  description: 'Remove an immutability rule; its tags may be moved and deleted again.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    ID: { kind: 'one', describes: 'The number of the rule, as entrepot immutable ls shows it.' },
  },
  options: {},
  examples: [{ does: 'Remove a rule, asked first', command: 'entrepot immutable rm team 3' }],
  question: ({ arguments: { PROJECT, ID } }) => `Remove the immutability rule ${ID} of ${PROJECT}?`,
  async work(client, { arguments: { PROJECT, ID } }) {
    if (!/^[1-9]\d{0,14}$/.test(ID)) {
      throw new UsageError(`${ID} is no number of a rule`, `see which are: entrepot immutable ls ${PROJECT}`);
    }
    await client.call(deleteImmutableRule, {
      params: { project_name_or_id: PROJECT, immutable_rule_id: Number(ID) },
      headers: byName,
    });
    return { data: { rule: Number(ID), removed: true }, said: `Removed the immutability rule ${ID} of ${PROJECT}\n` };
  },
});
