import type { CliContext } from '#src/context';
import { InterruptError } from '#src/failures/failures';
import { runProgram } from '#src/program';

/** Runs a command line with this process's streams, environment and signals; answers with the exit code. Never rejects. */
export async function runProcess(args: readonly string[]): Promise<number> {
  const ending = new AbortController();
  const end = (signal: InterruptError['signal']) => ending.abort(new InterruptError(signal));
  // Once: a second signal ends the process at once, cleaned up or not.
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') {
        end('SIGPIPE');
      }
    });
  }
  const { stdin, stdout, stderr, env } = process;
  const context: CliContext = { stdin, stdout, stderr, env, signal: ending.signal };
  try {
    return await runProgram(args, context);
  } finally {
    process.removeListener('SIGINT', end);
    process.removeListener('SIGTERM', end);
    // A verb that asked something leaves standard input open, and the process with it.
    stdin.unref?.();
  }
}
