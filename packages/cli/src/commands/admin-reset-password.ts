import { localRegistryOptions, outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { tell } from '#src/context';
import { LocalFileError, UsageError } from '#src/failures/failures';
import { writeResult } from '#src/output/write-result';
import { readPassword } from '#src/terminal/read-password';

export const adminResetPasswordVerb = defineVerb({
  name: 'admin reset-password',
  description:
    'Give the account admin of the registry on this machine a new password: one that is made and shown once, or that of ' +
    '--password-stdin. The account is an administrator again and enabled, and all its sessions and tokens end. Works on ' +
    'the database itself, so it must be called where the registry is configured and as its user; the registry may run.',
  arguments: {},
  options: {
    ...localRegistryOptions,
    passwordStdin: {
      kind: 'flag',
      flags: '--password-stdin',
      describes: 'Read the new password from standard input.',
    },
    ...outputOptions,
  },
  examples: [
    { does: 'Have a password made', command: 'entrepot admin reset-password --data /var/lib/entrepot' },
    {
      does: 'Choose the password, for a registry with a configuration file',
      command: 'entrepot admin reset-password --config /etc/entrepot/entrepot.yaml --password-stdin < password.txt',
    },
  ],
  run: async ({ options }, context) => {
    const password = options.passwordStdin ? await readPassword(context) : undefined;
    const { resetAdminPassword } = await import('@entrepot/server/reset-password');
    const { data, config } = options;
    const outcome = await resetAdminPassword({ flags: { data, config }, env: context.env, password });
    if (outcome.kind === 'faulty') throw new UsageError(outcome.message);
    if (outcome.kind === 'failed') throw new LocalFileError(outcome.message);
    const { database, invented } = outcome;
    tell(context, `admin has a new password in ${database}; a registry that runs takes it within 35 seconds.`);
    if (invented === undefined && options.output === 'table') return;
    await writeResult(
      context,
      options.output,
      { user: 'admin', database, ...(invented === undefined ? {} : { password: invented }) },
      () => `${invented}\n`,
    );
  },
});
