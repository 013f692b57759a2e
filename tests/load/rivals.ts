import { join } from 'node:path';
import { type DebianRegistry, startDebianRegistry } from '#support/debian-registry';
import { mustRun } from '#support/program';
import { basicAuthorization, RegistryClient } from '#support/registry-client';
import { ServerProcess } from '#support/server-process';

/** A registry to be measured. */
export interface Rival {
  readonly name: 'entrepot' | 'docker-registry';
  readonly origin: string;
  readonly pid: number;
  /** What a request needs to be let in: ours asks for a login, the other is open. */
  readonly headers: Readonly<Record<string, string>>;
  readonly client: RegistryClient;
}

export interface Rivals extends AsyncDisposable {
  readonly ours: Rival;
  readonly theirs: Rival;
  readonly server: ServerProcess;
  readonly debian: DebianRegistry;
}

export function rivalOf(server: ServerProcess): Rival {
  const authorization = basicAuthorization(server.admin);
  const { origin, pid = 0 } = server;
  return {
    name: 'entrepot',
    origin,
    pid,
    headers: { authorization },
    client: new RegistryClient(origin, authorization),
  };
}

/** Starts both registries, each on a folder of the same disk. */
export async function startRivals(env: Readonly<Record<string, string>> = {}): Promise<Rivals> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await ServerProcess.start({ env }));
  const debian = stack.use(await startDebianRegistry());
  const ours = rivalOf(server);
  const theirs: Rival = {
    name: 'docker-registry',
    origin: debian.origin,
    pid: debian.pid,
    headers: {},
    client: new RegistryClient(debian.origin),
  };
  for (const { client } of [ours, theirs]) stack.defer(() => client[Symbol.dispose]());
  const whole = stack.move();
  return { ours, theirs, server, debian, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

/** Fetches a token as clients do, to measure with Bearer too. */
export async function bearerOf({ client }: Rival, repository: string): Promise<Record<string, string>> {
  const path = `/service/token?service=entrepot&scope=${encodeURIComponent(`repository:${repository}:pull`)}`;
  const { token } = (await client.expect(200, 'GET', path)).json() as { token: string };
  return { authorization: `Bearer ${token}` };
}

export interface Transfer {
  readonly bytes: number;
  readonly seconds: number;
  readonly digest?: string;
}

/** Runs one of the client programs of this folder in a process of its own. */
export async function runClient<T>(program: string, order: object): Promise<T> {
  const output = await mustRun(process.execPath, [join(import.meta.dirname, program), JSON.stringify(order)], {
    timeout: 900_000,
  });
  return JSON.parse(output) as T;
}

export function transfer(program: 'download.ts' | 'upload.ts', order: object): Promise<Transfer> {
  return runClient(program, order);
}

/** Writes what the kernel still holds back, so that one rival's bytes are not written on the other's time. */
export async function settleDisk(): Promise<void> {
  await mustRun('sync', [], { timeout: 300_000 });
}
