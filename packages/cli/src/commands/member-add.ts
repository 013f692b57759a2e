import { manageVerb } from '#src/management/manage-verb';
import { createProjectMember } from '@entrepot/contract/harbor/member';
import { UsageError } from '#src/failures/failures';
import { byName, findGroup } from '#src/management/find-one';
import { readRole, roleNames } from '#src/management/role-ids';

export const memberAddVerb = manageVerb({
  name: 'member add',
  description: 'Give a user or a group a role in a project.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {
    user: { kind: 'text', flags: '--user <name>', describes: 'The user.' },
    group: { kind: 'text', flags: '--group <name>', describes: 'The group.' },
    role: {
      kind: 'text',
      flags: '--role <role>',
      describes: `One of ${roleNames.join(', ')}, or the id of a role of your own.`,
      default: 'developer',
    },
  },
  examples: [
    { does: 'Let somebody push', command: 'entrepot member add team --user anna --role developer' },
    { does: 'Let a group pull', command: 'entrepot member add team --group auditors --role guest' },
  ],
  async work(client, { arguments: { PROJECT }, options: { user, group, role } }) {
    if ((user === undefined) === (group === undefined)) {
      throw new UsageError('it is not said who', 'add --user NAME or --group NAME.');
    }
    const who =
      user === undefined
        ? { member_group: { id: (await findGroup(client, group ?? '')).id } }
        : { member_user: { username: user } };
    await client.call(createProjectMember, {
      params: { project_name_or_id: PROJECT },
      headers: byName,
      body: { role_id: readRole(role), ...who },
    });
    const name = user ?? group ?? '';
    return { data: { project: PROJECT, member: name, role }, said: `${name} is ${role} of ${PROJECT} now\n` };
  },
});
