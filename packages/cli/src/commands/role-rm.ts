import { manageVerb } from '#src/management/manage-verb';
import { deleteRole, listRoles } from '@entrepot/contract/entrepot/role';
import { MissingError } from '#src/failures/failures';
import { listAll } from '#src/management/list-all';

export const roleRmVerb = manageVerb({
  name: 'role rm',
  description: 'Remove a role that was made here and that nobody has any more.',
  arguments: { NAME: { kind: 'one', describes: 'The name of the role.' } },
  options: {},
  examples: [{ does: 'Remove a role, asked first', command: 'entrepot role rm releaser' }],
  question: ({ arguments: { NAME } }) => `Remove the role ${NAME}?`,
  async work(client, { arguments: { NAME } }) {
    const roles = await Array.fromAsync(listAll(client, listRoles));
    const role = roles.find(({ name }) => name === NAME);
    if (role === undefined) {
      throw new MissingError(`no role ${NAME} was made here`, 'see which were: entrepot role ls');
    }
    await client.call(deleteRole, { params: { role_id: role.id } });
    return { data: { role: NAME, removed: true }, said: `Removed the role ${NAME}\n` };
  },
});
