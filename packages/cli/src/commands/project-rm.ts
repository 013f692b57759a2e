import { manageVerb } from '#src/management/manage-verb';
import { deleteProject } from '@entrepot/contract/harbor/project';
import { byName } from '#src/management/find-one';

export const projectRmVerb = manageVerb({
  name: 'project rm',
  description: 'Remove a project that holds no artifacts any more, with its members, robots and rules.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {},
  examples: [{ does: 'Remove a project, asked first', command: 'entrepot project rm old' }],
  question: ({ arguments: { PROJECT } }) => `Remove the project ${PROJECT}, its members and its robots?`,
  async work(client, { arguments: { PROJECT } }) {
    await client.call(deleteProject, { params: { project_name_or_id: PROJECT }, headers: byName });
    const undo = `entrepot undo project ${PROJECT}`;
    return { data: { project: PROJECT, removed: true }, said: `Removed the project ${PROJECT}\nUndo: ${undo}\n` };
  },
});
