import { manageVerb } from '#src/management/manage-verb';
import { updateRepository } from '@entrepot/contract/harbor/repository';
import { splitRepository } from '#src/management/find-one';
import { repositoryArgument } from '#src/management/named-in-registry';

export const repoUpdateVerb = manageVerb({
  name: 'repo update',
  description: 'Say what a repository is for, in Markdown.',
  arguments: { REPOSITORY: repositoryArgument },
  options: { description: { kind: 'text', flags: '--description <text>', describes: 'What it is for.', default: '' } },
  examples: [{ does: 'Describe a repository', command: 'entrepot repo update team/app --description "The shop"' }],
  async work(client, { arguments: { REPOSITORY }, options: { description } }) {
    await client.call(updateRepository, { params: splitRepository(REPOSITORY), body: { description } });
    return { data: { repository: REPOSITORY, description }, said: `Described ${REPOSITORY}\n` };
  },
});
