import { manageVerb } from '#src/management/manage-verb';
import { setUserSysAdmin } from '@entrepot/contract/harbor/user';
import { findUser } from '#src/management/find-one';

export const userAdminVerb = manageVerb({
  name: 'user admin',
  description: 'Make a user an administrator of the registry, or with --revoke not any more.',
  arguments: { NAME: { kind: 'one', describes: 'The user.' } },
  options: { revoke: { kind: 'flag', flags: '--revoke', describes: 'Not any more.' } },
  examples: [
    { does: 'Make somebody an administrator', command: 'entrepot user admin anna' },
    { does: 'Take it back', command: 'entrepot user admin anna --revoke' },
  ],
  async work(client, { arguments: { NAME }, options: { revoke } }) {
    const user = await findUser(client, NAME);
    await client.call(setUserSysAdmin, { params: { user_id: user.user_id ?? 0 }, body: { sysadmin_flag: !revoke } });
    const said = revoke ? `${NAME} is no administrator any more\n` : `${NAME} is an administrator now\n`;
    return { data: { user: NAME, administrator: !revoke }, said };
  },
});
