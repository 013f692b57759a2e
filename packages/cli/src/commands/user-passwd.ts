import { manageVerb } from '#src/management/manage-verb';
import { getCurrentUserInfo, updateUserPassword } from '@entrepot/contract/harbor/user';
import { findUser } from '#src/management/find-one';
import { askNewPassword, askOwnPassword } from '#src/terminal/ask-new-password';

export const userPasswdVerb = manageVerb({
  name: 'user passwd',
  description: 'Set your password, or as an administrator that of another user. Sessions and tokens end.',
  arguments: { NAME: { kind: 'optional', describes: 'The user; you yourself when left out.' } },
  options: {
    newPasswordStdin: {
      kind: 'flag',
      flags: '--new-password-stdin',
      describes: 'Read the new password from standard input.',
    },
  },
  examples: [
    { does: 'Change your own password', command: 'entrepot user passwd' },
    { does: 'Set that of somebody', command: 'entrepot user passwd anna' },
  ],
  async work(client, { arguments: { NAME }, options }, context) {
    const { body: self } = await client.call(getCurrentUserInfo);
    const own = NAME === undefined || NAME === self.username;
    const user_id = own ? self.user_id : (await findUser(client, NAME)).user_id;
    const old_password = own ? await askOwnPassword(context, 'Your password now: ') : undefined;
    const new_password = await askNewPassword(options.newPasswordStdin, context);
    await client.call(updateUserPassword, {
      params: { user_id: user_id ?? 0 },
      body: { new_password, ...(old_password === undefined ? {} : { old_password }) },
    });
    const name = NAME ?? self.username ?? '';
    return { data: { user: name, changed: true }, said: `Set the password of ${name}\n` };
  },
});
