import { readServeFlags } from './serve-flags.ts';

/** What a main of the server is given. */
export interface MainOptions {
  readonly flags: ReturnType<typeof readServeFlags>['flags'];
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Aborted by SIGTERM and SIGINT. */
  readonly signal: AbortSignal;
}

/**
 * Runs a main of the server, which is loaded only then; of the client nothing is. Every key of the configuration is a
 * flag, which the server judges. Answers with the exit code.
 */
export async function runMain(
  name: string,
  args: readonly string[],
  main: (options: MainOptions) => Promise<number>,
): Promise<number> {
  const { flags, strays } = readServeFlags(args);
  const { env, stdout, stderr } = process;
  if (strays.length > 0) {
    stderr.write(
      `error: ${name} takes no arguments, but got ${strays.join(' ')}.\nhint: see entrepot ${name} --help\n`,
    );
    return 2;
  }
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ending.abort());
  return main({ flags, env, stdout, stderr, signal: ending.signal });
}
