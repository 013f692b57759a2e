import { listVerb } from '#src/management/list-verb';
import { listProjects } from '@entrepot/contract/harbor/project';

export const projectLsVerb = listVerb({
  name: 'project ls',
  description: 'List the projects you may see, with their repositories counted.',
  arguments: {},
  options: { name: { kind: 'text', flags: '--name <text>', describes: 'Only projects with this text in their name.' } },
  examples: [
    { does: 'See your projects', command: 'entrepot project ls' },
    { does: 'Find one', command: 'entrepot project ls --name team' },
  ],
  record: listProjects,
  input: ({ options }) => (options.name === undefined ? {} : { query: { name: options.name } }),
  headings: ['NAME', 'PUBLIC', 'REPOSITORIES', 'OWNER', 'CREATED'],
  row: (project) => [
    project.name,
    project.metadata?.public === 'true' ? 'yes' : 'no',
    project.repo_count,
    project.owner_name,
    project.creation_time,
  ],
});
