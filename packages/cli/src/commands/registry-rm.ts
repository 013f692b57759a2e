import { manageVerb } from '#src/management/manage-verb';
import { deleteRegistry } from '@entrepot/contract/harbor/registry';
import { findRegistry } from '#src/management/find-one';

export const registryRmVerb = manageVerb({
  name: 'registry rm',
  description: 'Forget another registry that neither replication nor a project uses; what is in it stays there.',
  arguments: { NAME: { kind: 'one', describes: 'What it is called here.' } },
  options: {},
  examples: [{ does: 'Forget a registry, asked first', command: 'entrepot registry rm hub' }],
  question: ({ arguments: { NAME } }) => `Forget the registry ${NAME}?`,
  async work(client, { arguments: { NAME } }) {
    const { id } = await findRegistry(client, NAME);
    await client.call(deleteRegistry, { params: { id } });
    return { data: { registry: NAME, removed: true }, said: `Forgot the registry ${NAME}\n` };
  },
});
