import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from './free-port.ts';
import { endWithThisProcess } from './program.ts';
import { basicAuthorization, type Credentials, RegistryClient } from './registry-client.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

export const repositoryRoot = join(import.meta.dirname, '..', '..');

export interface ServerOptions {
  /** Configuration by environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further flags of `serve`. */
  readonly args?: readonly string[];
  /** The data folder; default a new one that goes with the server. */
  readonly data?: string;
  readonly port?: number;
  /** Milliseconds to wait for readiness; default 30 s. */
  readonly patience?: number;
}

/** What of this process's own environment a server gets: nothing of `ENTREPOT_*` slips in. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ENTREPOT|NODE)_/.test(name)));
}

/** A registry as its users run it: a process of its own, reached by its address only. */
export class ServerProcess implements AsyncDisposable {
  readonly admin: Credentials = { user: 'admin', password: 'Correct-horse-7-battery' };
  readonly host: string;
  readonly origin: string;
  readonly data: string;
  /** Milliseconds from the last start to readiness. */
  readyAfter = 0;
  readonly #options: ServerOptions;
  readonly #folder: TemporaryFolder | undefined;
  #child: ChildProcess | undefined;
  #log = '';

  private constructor(options: ServerOptions, port: number, data: string, folder: TemporaryFolder | undefined) {
    this.#options = options;
    this.#folder = folder;
    this.data = data;
    this.host = `127.0.0.1:${port}`;
    this.origin = `http://${this.host}`;
  }

  /** Starts a registry and waits until it is ready. */
  static async start(options: ServerOptions = {}): Promise<ServerProcess> {
    const folder = options.data === undefined ? await makeTemporaryFolder('data') : undefined;
    const data = options.data ?? folder?.path ?? '';
    const server = new ServerProcess(options, options.port ?? (await findFreePort()), data, folder);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** All that it wrote to its outputs, over every start. */
  get log(): string {
    return this.#log;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it again on the same data and port, after `stop` or `kill`. */
  async start(): Promise<void> {
    const from = performance.now();
    this.launch();
    await this.#becomeReady(from);
  }

  /** Starts the process without waiting for anything. */
  launch(): void {
    const { env = {}, args = [] } = this.#options;
    const child = spawn(
      process.execPath,
      ['packages/cli/src/main.ts', 'serve', '--listen', this.host, '--data', this.data, ...args],
      {
        cwd: repositoryRoot,
        env: { ...cleanEnvironment(), ENTREPOT_ADMIN_PASSWORD: this.admin.password, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    endWithThisProcess(child);
    const keep = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString()).slice(-4_000_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => keep(Buffer.from(`could not be started: ${error.message}`)));
    this.#child = child;
  }

  /** True when the process runs. */
  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async #becomeReady(from: number): Promise<void> {
    const patience = this.#options.patience ?? 30_000;
    while (performance.now() - from < patience) {
      if (!this.running) throw new Error(`The server ended with ${this.#child?.exitCode}:\n${this.log.slice(-4000)}`);
      try {
        const answer = await fetch(`${this.origin}/readyz`, { signal: AbortSignal.timeout(2_000) });
        await answer.arrayBuffer();
        if (answer.ok) {
          this.readyAfter = performance.now() - from;
          return;
        }
      } catch {}
      await delay(20);
    }
    throw new Error(`The server was not ready after ${patience} ms:\n${this.log.slice(-4000)}`);
  }

  async #exited(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    // A process that waits for the kernel does not end when it is killed.
    await once(child, 'exit', { signal: AbortSignal.timeout(60_000) });
  }

  /** Asks it to end (SIGTERM); answers with the exit code. Rejects when it has not ended after `patience`. */
  async stop(patience = 40_000): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || !this.running) return child?.exitCode ?? null;
    child.kill('SIGTERM');
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, patience);
    await this.#exited(child);
    clearTimeout(timer);
    if (late) throw new Error(`The server had not ended ${patience} ms after SIGTERM:\n${this.log.slice(-4000)}`);
    return child.exitCode;
  }

  /** Ends it as a power cut would, as far as the process goes (SIGKILL). */
  async kill(): Promise<void> {
    if (this.#child === undefined || !this.running) return;
    this.#child.kill('SIGKILL');
    await this.#exited(this.#child);
  }

  /** A client with the rights of the administrator. */
  client(credentials: Credentials = this.admin): RegistryClient {
    return new RegistryClient(this.origin, basicAuthorization(credentials));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder?.[Symbol.asyncDispose]();
  }
}
