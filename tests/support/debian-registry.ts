import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from './free-port.ts';
import { endWithThisProcess } from './program.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** Debian's docker-registry, as the peer to compare with: anonymous, its own folder, no access log. */
export interface DebianRegistry extends AsyncDisposable {
  readonly origin: string;
  readonly pid: number;
  readonly root: string;
  /** Milliseconds from start to the first answer. */
  readonly readyAfter: number;
  /** Ends the process; its data stay until disposal. */
  stop(): Promise<void>;
}

function configuration(root: string, port: number): string {
  return `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage:
  cache: { blobdescriptor: inmemory }
  delete: { enabled: true }
  maintenance: { uploadpurging: { enabled: false } }
  filesystem: { rootdirectory: ${root} }
http: { addr: "127.0.0.1:${port}" }
`;
}

async function awaitAnswers(child: ChildProcess, origin: string, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    if (child.exitCode !== null) break;
    try {
      await (await fetch(`${origin}/v2/`)).arrayBuffer();
      return;
    } catch {
      await delay(5);
    }
  }
  throw new Error(`docker-registry did not answer:\n${log()}`);
}

/** Starts docker-registry on a new folder, or on one that it served before. */
export async function startDebianRegistry(root?: string): Promise<DebianRegistry> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeTemporaryFolder('docker-registry'));
  const port = await findFreePort();
  const origin = `http://127.0.0.1:${port}`;
  const store = root ?? join(folder.path, 'store');
  await mkdir(store, { recursive: true });
  const file = join(folder.path, 'config.yml');
  await writeFile(file, configuration(store, port));
  const from = performance.now();
  const child = spawn('docker-registry', ['serve', file], {
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithThisProcess(child);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-20_000)));
  }
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  stack.defer(stop);
  await awaitAnswers(child, origin, () => log);
  const readyAfter = performance.now() - from;
  const whole = stack.move();
  const dispose = (): Promise<void> => whole.disposeAsync();
  return { origin, pid: child.pid ?? 0, root: store, readyAfter, stop, [Symbol.asyncDispose]: dispose };
}
