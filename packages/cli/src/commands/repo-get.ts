import { manageVerb } from '#src/management/manage-verb';
import { getRepository } from '@entrepot/contract/harbor/repository';
import { splitRepository } from '#src/management/find-one';
import { formatFields } from '#src/output/table';
import { repositoryArgument } from '#src/management/named-in-registry';

export const repoGetVerb = manageVerb({
  name: 'repo get',
  description: 'Show a repository: what it is for, and how much is in it.',
  arguments: { REPOSITORY: repositoryArgument },
  options: {},
  examples: [{ does: 'Look at a repository', command: 'entrepot repo get team/app' }],
  async work(client, { arguments: { REPOSITORY } }) {
    const { body } = await client.call(getRepository, { params: splitRepository(REPOSITORY) });
    const said = formatFields([
      ['Name', body.name],
      ['Description', body.description],
      ['Artifacts', String(body.artifact_count)],
      ['Pulls', String(body.pull_count)],
      ['Created', body.creation_time ?? undefined],
      ['Updated', body.update_time],
    ]);
    return { data: body, said };
  },
});
