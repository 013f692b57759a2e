import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));

export interface ServeOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Runs as this user; only root may say so. */
  readonly uid?: number;
}

/** `entrepot serve` in a process of its own. */
export interface ServeProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** The address it says it listens on. Rejects when it ends before. */
  ready(): Promise<string>;
  /** The exit code. Rejects, and kills it, when it has not ended after `ms`. */
  ended(ms?: number): Promise<number | null>;
}

/** The environment without what was meant for the tests themselves. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ENTREPOT|NODE)_/.test(name)));
}

export function startServing({ args = [], env = {}, uid }: ServeOptions): ServeProcess {
  const child = spawn(process.execPath, [main, 'serve', ...args], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      texts[name] += chunk.toString();
    });
  }
  const exited = once(child, 'close');
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  return {
    child,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    async ready() {
      for (;;) {
        const address = /"address":"([^"]+)"[^\n]*Entrepot is ready/.exec(texts.stdout)?.[1];
        if (address !== undefined) return address;
        if (hasEnded()) throw new Error(`it ended with ${child.exitCode}: ${texts.stderr}${texts.stdout}`);
        await sleep(10);
      }
    },
    async ended(ms = 20_000) {
      const timer = setTimeout(() => child.kill('SIGKILL'), ms);
      await exited;
      clearTimeout(timer);
      if (child.signalCode === 'SIGKILL')
        throw new Error(`it had not ended after ${ms} ms: ${texts.stdout.slice(-2000)}`);
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      process.off('exit', endWithUs);
      if (!hasEnded()) child.kill('SIGKILL');
      await exited;
    },
  };
}
