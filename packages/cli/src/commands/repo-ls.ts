import { listVerb } from '#src/management/list-verb';
import { withPins } from '#src/management/pins';
import { listAllRepositories } from '@entrepot/contract/harbor/repository';

export const repoLsVerb = listVerb({
  name: 'repo ls',
  description: 'List the repositories you may see, with artifacts and pulls counted.',
  arguments: {},
  options: {
    name: { kind: 'text', flags: '--name <text>', describes: 'Only repositories with this text in their name.' },
  },
  examples: [{ does: 'See the repositories of a project', command: 'entrepot repo ls --name team/' }],
  record: listAllRepositories,
  input: ({ options }) => (options.name === undefined ? {} : { query: { q: `name=~${options.name}` } }),
  complete: withPins,
  headings: ['NAME', 'ARTIFACTS', 'PULLS', 'UPDATED', 'PINNED'],
  row: (repository) => [
    repository.name,
    repository.artifact_count,
    repository.pull_count,
    repository.update_time,
    'pinned' in repository && repository.pinned === true ? 'yes' : '',
  ],
});
