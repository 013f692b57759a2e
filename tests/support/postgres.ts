import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from './free-port.ts';
import { endWithThisProcess, mustRun, runProgram } from './program.ts';
import { findProgram } from './system-tool.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** A PostgreSQL of our own: loopback only, in a temporary folder. */
export interface Postgres extends AsyncDisposable {
  /** Address of a new, empty database. */
  makeDatabase(): Promise<string>;
  /** Runs SQL with psql; `input` feeds a COPY. */
  query(url: string, sql: string): Promise<string>;
}

/** PostgreSQL refuses to run as root; then it runs as Debian's user for it. */
async function databaseUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all([mustRun('id', ['-u', 'postgres']), mustRun('id', ['-g', 'postgres'])]);
  return { uid: Number(uid), gid: Number(gid) };
}

async function awaitAnswers(isReady: string, port: number, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const { code } = await runProgram(isReady, ['-h', '127.0.0.1', '-p', String(port), '-q']);
    if (code === 0) return;
    await delay(50);
  }
  throw new Error(`PostgreSQL did not answer:\n${log()}`);
}

/**
 * Starts PostgreSQL; its program has to be installed (`needTools(['initdb'])`). One whose data need not outlive the
 * machine is faster.
 */
export async function startPostgres({ durable = true } = {}): Promise<Postgres> {
  const initdb = await findProgram('initdb');
  if (initdb === undefined) throw new Error('PostgreSQL is not installed');
  const folderOfPrograms = dirname(await realpath(initdb));
  const program = (name: string): string => join(folderOfPrograms, name);
  const owner = await databaseUser();
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeTemporaryFolder('postgres'));
  const data = join(folder.path, 'data');
  await mkdir(data);
  if (owner !== undefined) for (const path of [folder.path, data]) await chown(path, owner.uid, owner.gid);
  const run = (command: string, args: readonly string[]): Promise<string> =>
    owner === undefined
      ? mustRun(command, args, { cwd: folder.path })
      : mustRun('setpriv', [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups', command, ...args], {
          cwd: folder.path,
        });
  await run(initdb, ['-D', data, '-A', 'trust', '-U', 'entrepot', '-E', 'UTF8', '--locale=C', '--no-sync']);

  const port = await findFreePort();
  const child: ChildProcess = spawn(
    program('postgres'),
    [
      ...['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder.path, '-c', 'max_connections=200'],
      ...(durable ? [] : ['-c', 'fsync=off', '-c', 'full_page_writes=off']),
    ],
    { cwd: folder.path, ...owner, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  endWithThisProcess(child);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-20_000)));
  }
  stack.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGINT');
    await once(child, 'exit');
  });
  await awaitAnswers(program('pg_isready'), port, () => log);

  const address = (database: string): string => `postgres://entrepot@127.0.0.1:${port}/${database}`;
  const query = (url: string, sql: string): Promise<string> =>
    mustRun(program('psql'), ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', url], { input: sql, timeout: 600_000 });
  let made = 0;
  const whole = stack.move();
  return {
    async makeDatabase() {
      const name = `entrepot_${++made}`;
      await query(address('postgres'), `CREATE DATABASE ${name};`);
      return address(name);
    },
    query,
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}
