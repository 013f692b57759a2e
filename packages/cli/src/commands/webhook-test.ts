import { manageVerb } from '#src/management/manage-verb';
import { testWebhookPolicy } from '@entrepot/contract/entrepot/webhook';
import { byName, findWebhook } from '#src/management/find-one';

export const webhookTestVerb = manageVerb({
  name: 'webhook test',
  description: 'Send an example of an event to every address of a webhook. Its deliveries tell how it went.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    NAME: { kind: 'one', describes: 'The name of the webhook.' },
  },
  options: {
    event: { kind: 'text', flags: '--event <type>', describes: 'Of this event, such as PUSH_ARTIFACT.' },
  },
  examples: [
    { does: 'Try a webhook', command: 'entrepot webhook test team ci' },
    { does: 'Try it with another event', command: 'entrepot webhook test team ci --event DELETE_ARTIFACT' },
  ],
  async work(client, { arguments: { PROJECT, NAME }, options: { event } }) {
    const { id = 0 } = await findWebhook(client, PROJECT, NAME);
    const { body } = await client.call(testWebhookPolicy, {
      params: { project_name_or_id: PROJECT, webhook_policy_id: id },
      headers: byName,
      body: { event_type: event },
    });
    const said = `An example is on its way; see entrepot webhook deliveries ${PROJECT} ${NAME}\n`;
    return { data: body, said };
  },
});
