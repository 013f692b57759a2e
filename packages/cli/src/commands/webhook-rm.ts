import { manageVerb } from '#src/management/manage-verb';
import { deleteWebhookPolicyOfProject } from '@entrepot/contract/harbor/webhook';
import { byName, findWebhook } from '#src/management/find-one';

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
    const policy = await findWebhook(client, PROJECT, NAME);
    await client.call(deleteWebhookPolicyOfProject, {
      params: { project_name_or_id: PROJECT, webhook_policy_id: policy.id ?? 0 },
      headers: byName,
    });
    return { data: { webhook: NAME, removed: true }, said: `Removed the webhook ${NAME}\n` };
  },
});
