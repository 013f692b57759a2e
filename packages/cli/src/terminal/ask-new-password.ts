import type { CliContext } from '#src/context';
import { UsageError } from '#src/failures/failures';
import { askSecret, canAsk } from './ask.ts';
import { readPassword } from './read-password.ts';

/** Asks for a secret that is there already. Rejects with UsageError where nobody can be asked. */
export async function askOwnPassword(context: CliContext, question: string): Promise<string> {
  if (!canAsk(context)) {
    throw new UsageError('your password has to be asked for, and there is no terminal to ask on');
  }
  return askSecret(context, question);
}

/**
 * A new password: from standard input, or asked for twice. Rejects with UsageError where nobody can be asked or the two
 * are not the same.
 */
export async function askNewPassword(fromStdin: boolean, context: CliContext): Promise<string> {
  if (fromStdin) {
    return readPassword(context);
  }
  if (!canAsk(context)) {
    throw new UsageError('there is no terminal to ask for the new password on', 'add --new-password-stdin.');
  }
  const password = await askSecret(context, 'New password: ');
  if ((await askSecret(context, 'The same again: ')) !== password) {
    throw new UsageError('the two passwords are not the same');
  }
  return password;
}
