import { manageVerb } from '#src/management/manage-verb';
import { pingRegistry } from '@entrepot/contract/harbor/registry';
import { findRegistry } from '#src/management/find-one';

export const registryPingVerb = manageVerb({
  name: 'registry ping',
  description: 'Try whether another registry answers and takes the credentials that are kept for it.',
  arguments: { NAME: { kind: 'one', describes: 'What it is called here.' } },
  options: {},
  examples: [{ does: 'Try a registry', command: 'entrepot registry ping hub' }],
  async work(client, { arguments: { NAME } }) {
    const { id, url } = await findRegistry(client, NAME);
    await client.call(pingRegistry, { body: { id } });
    return { data: { registry: NAME, url, answers: true }, said: `${NAME} (${url}) answers\n` };
  },
});
