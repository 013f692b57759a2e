import { type ChildProcess, spawn } from 'node:child_process';

export interface ProgramOptions {
  readonly cwd?: string;
  /** The whole environment of the program; default is the one of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Uint8Array;
  /** Ends the program after so many milliseconds; default two minutes. */
  readonly timeout?: number;
}

export interface Outcome {
  /** Exit code; 127 when the program could not be started, 128 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const living = new Set<ChildProcess>();

function endAll(): void {
  for (const child of living) child.kill('SIGKILL');
}

/** Sees to it that a child process does not outlive this one. */
export function endWithThisProcess(child: ChildProcess): void {
  if (living.size === 0 && !process.listeners('exit').includes(endAll)) {
    process.on('exit', endAll);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => process.exit(143));
  }
  living.add(child);
  child.once('exit', () => living.delete(child));
}

/** Runs a program to its end. Never rejects: what went wrong is in the outcome. */
export function runProgram(command: string, args: readonly string[], options: ProgramOptions = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: ['pipe', 'pipe', 'pipe'] });
    endWithThisProcess(child);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    const patience = options.timeout ?? 120_000;
    // A program that waits for the kernel does not end when it is killed; nobody shall wait for it without end.
    const late = `\nhad not ended after ${patience} ms, and could not be killed`;
    let timer = setTimeout(() => {
      child.kill('SIGKILL');
      timer = setTimeout(() => finish(128, late), 5_000);
    }, patience);
    const finish = (code: number, note = ''): void => {
      clearTimeout(timer);
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() + note });
    };
    child.on('error', (error) => finish(127, `${command}: ${error.message}`));
    child.on('close', (code, signal) => finish(code ?? 128, signal === null ? '' : `\nended by ${signal}`));
  });
}

/** Runs a program that has to succeed; answers with what it printed. */
export async function mustRun(command: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runProgram(command, args, options);
  if (code !== 0) {
    throw new Error(`${command} ${args.join(' ')}\nexited with ${code}:\n${stderr.trim()}\n${stdout.trim()}`);
  }
  return stdout;
}
