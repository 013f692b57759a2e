import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const main = join(import.meta.dirname, '..', 'src', 'main.ts');

/** The command as a process of its own. */
export interface CliChild extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the exit code; 128 when a signal ended it. */
  readonly ended: Promise<number>;
  /** Resolves when standard output has what matches. Rejects when it ends before. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts the command. It is killed on disposal if it still runs. */
export function startCli(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: string } = {},
): CliChild {
  const child = spawn(process.execPath, [main, ...args], { env: { ...options.env }, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  const ended = once(child, 'close').then(([code]) => (code as number | null) ?? 128);

  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    waitFor: async (pattern) => {
      for (;;) {
        const found = pattern.exec(stdout);
        if (found !== null) {
          return found;
        }
        const over = await Promise.race([once(child.stdout, 'data').then(() => false), ended.then(() => true)]);
        if (over && pattern.exec(stdout) === null) {
          throw new Error(`it ended without ${pattern}:\n${stdout}\n${stderr}`);
        }
      }
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
