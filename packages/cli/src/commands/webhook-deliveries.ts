import { manageVerb } from '#src/management/manage-verb';
import { listExecutionsOfWebhookPolicy, listTasksOfWebhookExecution } from '@entrepot/contract/harbor/webhook';
import { byName, findWebhook } from '#src/management/find-one';
import { listAll } from '#src/management/list-all';
import { formatTable } from '#src/output/table';

export const webhookDeliveriesVerb = manageVerb({
  name: 'webhook deliveries',
  description: 'List what a webhook sent, the newest first, and how it went.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    NAME: { kind: 'one', describes: 'The name of the webhook.' },
  },
  options: {
    limit: {
      kind: 'integer',
      flags: '-n, --limit <number>',
      describes: 'At most so many events.',
      min: 1,
      max: 1000,
      default: 20,
    },
  },
  examples: [{ does: 'See how the last deliveries went', command: 'entrepot webhook deliveries team ci' }],
  async work(client, { arguments: { PROJECT, NAME }, options: { limit } }) {
    const { id = 0 } = await findWebhook(client, PROJECT, NAME);
    const params = { project_name_or_id: PROJECT, webhook_policy_id: id };
    const executions = await Array.fromAsync(
      listAll(client, listExecutionsOfWebhookPolicy, { params, headers: byName }, limit),
    );
    const deliveries = [];
    for (const { id: execution = 0, extra_attrs: about } of executions) {
      const where = { params: { ...params, execution_id: execution }, headers: byName };
      for await (const task of listAll(client, listTasksOfWebhookExecution, where)) {
        const event = about?.['event_type'];
        deliveries.push({ ...task, event_type: typeof event === 'string' ? event : '' });
      }
    }
    const rows = deliveries.map((delivery) => [
      String(delivery.id),
      delivery.start_time ?? delivery.creation_time ?? '',
      delivery.event_type,
      delivery.status ?? '',
      delivery.status_message ?? '',
    ]);
    return { data: deliveries, said: formatTable(['ID', 'TIME', 'EVENT', 'STATE', 'WHY'], rows) };
  },
});
