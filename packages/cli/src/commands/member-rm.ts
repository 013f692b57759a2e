import { manageVerb } from '#src/management/manage-verb';
import { deleteProjectMember } from '@entrepot/contract/harbor/member';
import { byName, findMember } from '#src/management/find-one';

export const memberRmVerb = manageVerb({
  name: 'member rm',
  description: 'Take a user or a group out of a project.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    NAME: { kind: 'one', describes: 'The name of the user or group.' },
  },
  options: {},
  examples: [{ does: 'Take somebody out, asked first', command: 'entrepot member rm team anna' }],
  question: ({ arguments: { PROJECT, NAME } }) => `Take ${NAME} out of ${PROJECT}?`,
  async work(client, { arguments: { PROJECT, NAME } }) {
    const member = await findMember(client, PROJECT, NAME);
    await client.call(deleteProjectMember, {
      params: { project_name_or_id: PROJECT, mid: member.id ?? 0 },
      headers: byName,
    });
    return { data: { project: PROJECT, member: NAME, removed: true }, said: `${NAME} is not in ${PROJECT} any more\n` };
  },
});
