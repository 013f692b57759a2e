import type { CliContext } from '#src/context';
import { InterruptError, UsageError } from '#src/failures/failures';
import { ask, canAsk } from './ask.ts';

/**
 * Asks for a yes. Rejects with UsageError when nobody can be asked, naming the flag that answers instead, and with
 * InterruptError when the answer is no.
 */
export async function confirm(context: CliContext, question: string, flag: string): Promise<void> {
  if (!canAsk(context)) {
    throw new UsageError('this needs a yes, and there is no terminal to ask on', `add ${flag}.`);
  }
  const answer = await ask(context, `${question} [y/N] `);
  if (!/^y(?:es)?$/i.test(answer)) {
    throw new InterruptError('SIGINT', 'nothing was done');
  }
}
