import { manageVerb } from '#src/management/manage-verb';
import { createProject } from '@entrepot/contract/harbor/project';
import { readSize } from '#src/management/read-size';

export const projectCreateVerb = manageVerb({
  name: 'project create',
  description: 'Create a project; you become its administrator.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {
    public: { kind: 'flag', flags: '--public', describes: 'Anybody may pull from it.' },
    quota: {
      kind: 'text',
      flags: '--quota <size>',
      describes: 'How much it may hold, as 10GiB or unlimited; for administrators of the registry.',
    },
  },
  examples: [
    { does: 'Create a private project', command: 'entrepot project create team' },
    { does: 'Create a public one with a limit', command: 'entrepot project create open --public --quota 50GiB' },
  ],
  async work(client, { arguments: { PROJECT }, options }) {
    const limit = options.quota === undefined ? {} : { storage_limit: readSize(options.quota) };
    await client.call(createProject, {
      body: { project_name: PROJECT, metadata: { public: options.public ? 'true' : 'false' }, ...limit },
    });
    return { data: { project: PROJECT, created: true }, said: `Created the project ${PROJECT}\n` };
  },
});
