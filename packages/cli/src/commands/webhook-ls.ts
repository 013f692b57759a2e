import { listVerb } from '#src/management/list-verb';
import { listWebhookPoliciesOfProject } from '@entrepot/contract/harbor/webhook';
import { byName } from '#src/management/find-one';

export const webhookLsVerb = listVerb({
  name: 'webhook ls',
  description: 'List who is told of what happens in a project.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {},
  examples: [{ does: 'See the webhooks of a project', command: 'entrepot webhook ls team' }],
  record: listWebhookPoliciesOfProject,
  input: ({ arguments: { PROJECT } }) => ({ params: { project_name_or_id: PROJECT }, headers: byName }),
  headings: ['NAME', 'TO', 'EVENTS', 'STATE'],
  row: (policy) => [
    policy.name,
    policy.targets?.map((target) => target.address).join(', '),
    policy.event_types?.join(', '),
    policy.enabled ? 'active' : 'off',
  ],
});
