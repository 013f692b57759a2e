import { manageVerb } from '#src/management/manage-verb';
import { updateProject } from '@entrepot/contract/harbor/project';
import { UsageError } from '#src/failures/failures';
import { byName } from '#src/management/find-one';

export const projectUpdateVerb = manageVerb({
  name: 'project update',
  description: 'Make a project public or private.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {
    public: { kind: 'flag', flags: '--public', describes: 'Anybody may pull from it.' },
    private: { kind: 'flag', flags: '--private', describes: 'Only members see it.' },
  },
  examples: [{ does: 'Open a project to everybody', command: 'entrepot project update team --public' }],
  async work(client, { arguments: { PROJECT }, options }) {
    if (options.public === options.private) {
      throw new UsageError('it is not said what to change', 'add --public or --private.');
    }
    await client.call(updateProject, {
      params: { project_name_or_id: PROJECT },
      headers: byName,
      body: { metadata: { public: options.public ? 'true' : 'false' } },
    });
    const state = options.public ? 'public' : 'private';
    return { data: { project: PROJECT, state }, said: `${PROJECT} is ${state} now\n` };
  },
});
