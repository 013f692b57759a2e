import { manageVerb } from '#src/management/manage-verb';
import { deleteUser } from '@entrepot/contract/harbor/user';
import { findUser } from '#src/management/find-one';

export const userRmVerb = manageVerb({
  name: 'user rm',
  description: 'Remove an account with its roles; what it pushed stays.',
  arguments: { NAME: { kind: 'one', describes: 'The user.' } },
  options: {},
  examples: [{ does: 'Remove an account, asked first', command: 'entrepot user rm anna' }],
  question: ({ arguments: { NAME } }) => `Remove the user ${NAME}?`,
  async work(client, { arguments: { NAME } }) {
    const user = await findUser(client, NAME);
    await client.call(deleteUser, { params: { user_id: user.user_id ?? 0 } });
    return { data: { user: NAME, removed: true }, said: `Removed the user ${NAME}\n` };
  },
});
