import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { type CliContext, isTerminal } from '#src/context';

/** True when there is somebody to ask. Never fails. */
export function canAsk(context: CliContext): boolean {
  return isTerminal(context.stdin) && isTerminal(context.stderr);
}

/** Asks on the terminal and answers with the trimmed line. Rejects with the signal's reason when interrupted. */
export async function ask(context: CliContext, question: string): Promise<string> {
  return askThrough(context, question, context.stderr);
}

/** Asks for something that must not be seen: what is typed does not appear. Rejects as `ask` does. */
export async function askSecret(context: CliContext, question: string): Promise<string> {
  context.stderr.write(question);
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await askThrough(context, '', unseen);
  context.stderr.write('\n');
  return answer;
}

async function askThrough(context: CliContext, question: string, output: Writable): Promise<string> {
  const lines = createInterface({ input: context.stdin, output, terminal: isTerminal(context.stdin) });
  const interrupted = new AbortController();
  // In raw mode the terminal sends no signal for Ctrl-C; the reader tells instead.
  lines.once('SIGINT', () => {
    interrupted.abort();
    process.kill(process.pid, 'SIGINT');
  });
  lines.once('close', () => interrupted.abort());
  try {
    const answer = await lines.question(question, { signal: AbortSignal.any([context.signal, interrupted.signal]) });
    return answer.trim();
  } catch (error) {
    context.signal.throwIfAborted();
    throw error;
  } finally {
    lines.close();
  }
}
