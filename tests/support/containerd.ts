import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientHome } from './client-home.ts';
import { endWithThisProcess, type Outcome, runProgram } from './program.ts';

/** A containerd of our own, with its store in a home. */
export interface Containerd extends AsyncDisposable {
  ctr(...args: string[]): Promise<Outcome>;
}

export async function startContainerd(home: ClientHome): Promise<Containerd> {
  const socket = home.path('run', 'containerd.sock');
  const settings = home.path('containerd.toml');
  await writeFile(
    settings,
    `version = 2
root = "${home.path('containerd-root')}"
state = "${home.path('containerd-state')}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "${socket}"
[ttrpc]
  address = "${socket}.ttrpc"
[debug]
  address = "${socket}.debug"
`,
  );
  const child = spawn('containerd', ['--config', settings], { env: home.env, stdio: ['ignore', 'pipe', 'pipe'] });
  endWithThisProcess(child);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-20_000)));
  }
  const ctr = (...args: string[]): Promise<Outcome> =>
    runProgram('ctr', ['--address', socket, ...args], { env: home.env });
  const dispose = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt++) {
    if ((await ctr('version')).code === 0) return { ctr, [Symbol.asyncDispose]: dispose };
    await delay(50);
  }
  await dispose();
  throw new Error(`containerd did not answer:\n${log}`);
}
