import { manageVerb } from '#src/management/manage-verb';
import { deleteWebhookPolicyOfProject, listWebhookPoliciesOfProject } from '@entrepot/contract/harbor/webhook';
import { MissingError } from '#src/failures/failures';
import { byName } from '#src/management/find-one';
import { listAll } from '#src/management/list-all';

export const webhookRmVerb = manageVerb({
  name: 'webhook rm',
  description: 'Remove a webhook; nobody is told any more.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    NAME: { kind: 'one', describes: 'The name of the webhook.' },
  },
  options: {},
  examples: [{ does: 'Remove a webhook, asked first', command: 'entrepot webhook rm team ci' }],
  question: ({ arguments: { PROJECT, NAME } }) => `Remove the webhook ${NAME} of ${PROJECT}?`,
  async work(client, { arguments: { PROJECT, NAME } }) {
    const where = { params: { project_name_or_id: PROJECT }, headers: byName };
    const policies = await Array.fromAsync(listAll(client, listWebhookPoliciesOfProject, where));
    const policy = policies.find(({ name }) => name === NAME);
    if (policy === undefined) {
      throw new MissingError(`${PROJECT} has no webhook ${NAME}`, `see which are: entrepot webhook ls ${PROJECT}`);
    }
    await client.call(deleteWebhookPolicyOfProject, {
      params: { project_name_or_id: PROJECT, webhook_policy_id: policy.id ?? 0 },
      headers: byName,
    });
    return { data: { webhook: NAME, removed: true }, said: `Removed the webhook ${NAME}\n` };
  },
});
