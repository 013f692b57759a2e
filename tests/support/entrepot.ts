import { join } from 'node:path';
import { type Outcome, runProgram } from './program.ts';
import { repositoryRoot } from './server-process.ts';

const main = join(repositoryRoot, 'packages/cli/src/main.ts');

/** Runs the command of Entrepot as its users do, with nothing of this process's own configuration. */
export function runEntrepot(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly timeout?: number } = {},
): Promise<Outcome> {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ENTREPOT|NODE)_/.test(name)));
  const { timeout = 600_000 } = options;
  return runProgram(process.execPath, [main, ...args], { env: { ...clean, ...options.env }, timeout });
}

/** As `runEntrepot`, for what has to succeed and answers in JSON. */
export async function askEntrepot(...args: Parameters<typeof runEntrepot>): Promise<unknown> {
  const [words, options] = args;
  const { code, stdout, stderr } = await runEntrepot([...words, '-o', 'json'], options);
  if (code !== 0) throw new Error(`entrepot ${words.join(' ')} ended with ${code}:\n${stderr}${stdout}`);
  return JSON.parse(stdout);
}
