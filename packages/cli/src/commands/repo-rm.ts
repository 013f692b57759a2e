import { manageVerb } from '#src/management/manage-verb';
import { deleteRepository } from '@entrepot/contract/harbor/repository';
import { splitRepository } from '#src/management/find-one';
import { repositoryArgument } from '#src/management/named-in-registry';

export const repoRmVerb = manageVerb({
  name: 'repo rm',
  description: 'Remove a repository with all its artifacts and tags.',
  arguments: { REPOSITORY: repositoryArgument },
  options: {},
  examples: [{ does: 'Remove a repository, asked first', command: 'entrepot repo rm team/old' }],
  question: ({ arguments: { REPOSITORY } }) => `Remove ${REPOSITORY} with everything in it?`,
  async work(client, { arguments: { REPOSITORY } }) {
    const params = splitRepository(REPOSITORY);
    await client.call(deleteRepository, { params });
    const undo = `entrepot undo last ${params.project_name}`;
    return { data: { repository: REPOSITORY, removed: true }, said: `Removed ${REPOSITORY}\nUndo: ${undo}\n` };
  },
});
