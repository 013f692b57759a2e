import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { type CliContext, isTerminal } from '#src/context';
import { InterruptError } from '#src/failures/failures';

/** True when there is somebody to ask. Never fails. */
export function canAsk(context: CliContext): boolean {
  return isTerminal(context.stdin) && isTerminal(context.stderr);
}

/** Asks on the terminal and answers with the trimmed line. Rejects with InterruptError when interrupted. */
export async function ask(context: CliContext, question: string): Promise<string> {
  return askThrough(context, question, context.stderr);
}

/** Asks for something that must not be seen: what is typed does not appear. Rejects as `ask` does. */
export async function askSecret(context: CliContext, question: string): Promise<string> {
  context.stderr.write(question);
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await askThrough(context, '', unseen);
  } finally {
    context.stderr.write('\n');
  }
}

async function askThrough(context: CliContext, question: string, output: Writable): Promise<string> {
  const lines = createInterface({ input: context.stdin, output, terminal: isTerminal(context.stdin) });
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new InterruptError('SIGINT', 'interrupted'));
  // In raw mode the terminal sends no signal for Ctrl-C, and Ctrl-D closes the input; the reader tells of both.
  lines.once('SIGINT', interrupt).once('close', interrupt);
  try {
    const answer = await lines.question(question, { signal: AbortSignal.any([context.signal, interrupted.signal]) });
    return answer.trim();
  } catch (error) {
    context.signal.throwIfAborted();
    interrupted.signal.throwIfAborted();
    throw error;
  } finally {
    lines.close();
  }
}
