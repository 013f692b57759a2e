// Runs one program to its end and keeps what it said.
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

export const repositoryRoot = join(import.meta.dirname, '..');

export interface Outcome {
  /** The exit code; 128 when a signal ended the program, 127 when it could not be started. */
  readonly code: number;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

/** Runs `command` in `cwd` (default: the root of the repository) with the repository's own programs first on the path. */
export function runCommand(command: string, args: readonly string[], cwd: string = repositoryRoot): Promise<Outcome> {
  const path = [join(repositoryRoot, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter);
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, PATH: path, NO_COLOR: '1', FORCE_COLOR: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ code: 127, output: `${command}: ${error.message}` }));
    child.on('close', (code) => resolve({ code: code ?? 128, output: Buffer.concat(chunks).toString('utf8') }));
  });
}
