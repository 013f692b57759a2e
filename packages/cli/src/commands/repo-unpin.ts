import { unpinRepository } from '@entrepot/contract/entrepot/pin';
import { splitRepository } from '#src/management/find-one';
import { manageVerb } from '#src/management/manage-verb';
import { repositoryArgument } from '#src/management/named-in-registry';

export const repoUnpinVerb = manageVerb({
  name: 'repo unpin',
  description: 'Let retention and collection delete in a repository again.',
  arguments: { REPOSITORY: repositoryArgument },
  options: {},
  examples: [{ does: 'Let the rules have it', command: 'entrepot repo unpin team/releases' }],
  async work(client, { arguments: { REPOSITORY } }) {
    await client.call(unpinRepository, { params: splitRepository(REPOSITORY) });
    return { data: { repository: REPOSITORY, pinned: false }, said: `Unpinned ${REPOSITORY}\n` };
  },
});
