import { manageVerb } from '#src/management/manage-verb';
import { redeliverWebhook } from '@entrepot/contract/entrepot/webhook';
import { UsageError } from '#src/failures/failures';
import { byName } from '#src/management/find-one';

export const webhookRedeliverVerb = manageVerb({
  name: 'webhook redeliver',
  description: 'Send once more what a webhook sent before.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    DELIVERY: { kind: 'one', describes: 'The delivery, by the id that webhook deliveries shows.' },
  },
  options: {},
  examples: [{ does: 'Send one again', command: 'entrepot webhook redeliver team 17' }],
  async work(client, { arguments: { PROJECT, DELIVERY } }) {
    if (!/^[1-9]\d{0,14}$/.test(DELIVERY)) {
      throw new UsageError(
        `${JSON.stringify(DELIVERY)} is no delivery`,
        'see entrepot webhook deliveries PROJECT NAME.',
      );
    }
    const { body } = await client.call(redeliverWebhook, {
      params: { project_name_or_id: PROJECT, delivery_id: Number(DELIVERY) },
      headers: byName,
    });
    return { data: body, said: `Delivery ${DELIVERY} is on its way again\n` };
  },
});
