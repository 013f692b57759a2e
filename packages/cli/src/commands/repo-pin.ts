import { pinRepository } from '@entrepot/contract/entrepot/pin';
import { splitRepository } from '#src/management/find-one';
import { manageVerb } from '#src/management/manage-verb';
import { repositoryArgument } from '#src/management/named-in-registry';

export const repoPinVerb = manageVerb({
  name: 'repo pin',
  description: 'Keep a repository as it is: neither retention nor collection deletes anything there.',
  arguments: { REPOSITORY: repositoryArgument },
  options: {},
  examples: [{ does: 'Keep the releases whatever the rules say', command: 'entrepot repo pin team/releases' }],
  async work(client, { arguments: { REPOSITORY } }) {
    await client.call(pinRepository, { params: splitRepository(REPOSITORY) });
    return { data: { repository: REPOSITORY, pinned: true }, said: `Pinned ${REPOSITORY}\n` };
  },
});
