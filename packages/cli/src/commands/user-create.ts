import { manageVerb } from '#src/management/manage-verb';
import { createUser } from '@entrepot/contract/harbor/user';
import { askNewPassword } from '#src/terminal/ask-new-password';

export const userCreateVerb = manageVerb({
  name: 'user create',
  description: 'Create an account with a password, which is asked for, or read with --new-password-stdin.',
  arguments: { NAME: { kind: 'one', describes: 'The name to sign in with.' } },
  options: {
    email: { kind: 'text', flags: '--email <address>', describes: 'The mail address.' },
    realname: { kind: 'text', flags: '--realname <name>', describes: 'The name of the person.' },
    newPasswordStdin: {
      kind: 'flag',
      flags: '--new-password-stdin',
      describes: 'Read the password of the new account from standard input.',
    },
  },
  examples: [
    {
      does: 'Create an account, asked for its password',
      command: 'entrepot user create anna --email anna@example.com',
    },
    {
      does: 'The same in a script',
      command: 'pass anna | entrepot user create anna --email anna@example.com --new-password-stdin',
    },
  ],
  async work(client, { arguments: { NAME }, options }, context) {
    const password = await askNewPassword(options.newPasswordStdin, context);
    const { email = `${NAME}@localhost.localdomain`, realname = NAME } = options;
    await client.call(createUser, { body: { username: NAME, password, email, realname } });
    return { data: { user: NAME, created: true }, said: `Created the user ${NAME}\n` };
  },
});
