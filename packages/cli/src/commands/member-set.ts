import { manageVerb } from '#src/management/manage-verb';
import { updateProjectMember } from '@entrepot/contract/harbor/member';
import { byName, findMember } from '#src/management/find-one';
import { readRole, roleNames } from '#src/management/role-ids';

export const memberSetVerb = manageVerb({
  name: 'member set',
  description: 'Change the role that a user or a group has in a project.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    NAME: { kind: 'one', describes: 'The name of the user or group.' },
    ROLE: { kind: 'one', describes: `One of ${roleNames.join(', ')}, or the id of a role of your own.` },
  },
  options: {},
  examples: [{ does: 'Let somebody only pull', command: 'entrepot member set team anna guest' }],
  async work(client, { arguments: { PROJECT, NAME, ROLE } }) {
    const role_id = readRole(ROLE);
    const member = await findMember(client, PROJECT, NAME);
    await client.call(updateProjectMember, {
      params: { project_name_or_id: PROJECT, mid: member.id ?? 0 },
      headers: byName,
      body: { role_id },
    });
    return { data: { project: PROJECT, member: NAME, role: ROLE }, said: `${NAME} is ${ROLE} of ${PROJECT} now\n` };
  },
});
