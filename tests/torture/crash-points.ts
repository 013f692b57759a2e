import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { endWithThisProcess } from '#support/program';
import { ServerProcess } from '#support/server-process';
import { Ledger } from './ledger.ts';
import { type Desk, leaveUpload, type OperationName, operations } from './operations.ts';
import { makeChance } from './random.ts';
import { isBroken } from './rounds.ts';
import { verify } from './verify.ts';

/** System calls that change what is on the disk, apart from the many small writes. */
const changes = 'fsync,fdatasync,rename,renameat2,link,linkat,unlink,unlinkat,ftruncate,mkdir';
const writes = 'pwrite64,pwritev';

const scenarios: readonly OperationName[] = [
  'pushWhole',
  'pushInChunks',
  'resumeUpload',
  'mount',
  'pushImage',
  'pushIndex',
  'retag',
  'deleteTag',
  'deleteManifest',
  'deleteBlob',
];

interface Tracer extends AsyncDisposable {
  readonly attached: boolean;
}

/** Has the kernel kill the server at the N-th such call of one of its threads from now on. */
async function killAt(pid: number, calls: string, point: number): Promise<Tracer> {
  const inject = `inject=${calls}:signal=SIGKILL:when=${point}`;
  const args = ['-f', '-p', String(pid), '-o', '/dev/null', '-e', `trace=${calls}`, '-e', inject];
  const child = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  endWithThisProcess(child);
  let said = '';
  const attached = await new Promise<boolean>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('attached')) resolve(true);
    });
    child.once('exit', () => resolve(false));
  });
  return {
    attached,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGINT');
        await once(child, 'exit');
      }
    },
  };
}

export interface PointsResult {
  readonly points: number;
  readonly acknowledged: number;
}

/** Fills a repository with what the scenarios work on. */
async function prepare(desk: Desk): Promise<void> {
  await leaveUpload(desk);
  for (const name of [
    'pushWhole',
    'pushWhole',
    'pushInChunks',
    'pushWhole',
    'pushImage',
    'pushImage',
    'retag',
    'pushIndex',
  ] as const) {
    await operations[name](desk);
  }
}

/** True when the server died on the way. */
async function tryPoint(
  server: ServerProcess,
  ledgers: readonly [Ledger, Ledger],
  scenario: OperationName,
  calls: string,
  point: number,
): Promise<boolean> {
  const [ledger, other] = ledgers;
  const chance = makeChance(`${scenario}/${calls}/${point}`);
  using client = server.client();
  const desk = { client, ledger, others: [other], chance };
  await prepare(desk);
  await prepare({ ...desk, ledger: other, others: [ledger], chance: chance.fork('other') });
  {
    await using tracer = await killAt(server.pid ?? 0, calls, point);
    if (!tracer.attached) throw new Error('strace cannot attach to the server here');
    await operations[scenario](desk).catch((error: unknown) => {
      if (!isBroken(error)) throw error;
    });
    if (server.running) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const died = !server.running;
  if (died) await server.start();
  using again = server.client();
  for (const one of ledgers) await verify(again, one, false);
  return died;
}

/**
 * Kills a registry at every single system call of each operation in turn that changes the disk, and compares what it has
 * afterwards with what it acknowledged. `stride` leaves out writes: 1 tries each.
 */
export async function runCrashPoints(options: {
  readonly stride: number;
  readonly report: (line: string) => void;
}): Promise<PointsResult> {
  let points = 0;
  let acknowledged = 0;
  for (const scenario of scenarios) {
    // Calls are counted by thread, so one thread does all the work of the file system.
    await using server = await ServerProcess.start({ env: { UV_THREADPOOL_SIZE: '1' } });
    const ledgers = [new Ledger('library/one'), new Ledger('library/two')] as const;
    const before = points;
    for (const [calls, stride] of [
      [changes, 1],
      [writes, options.stride],
    ] as const) {
      // An operation makes now more calls, now fewer; several in a row that survive are the end.
      for (let point = 1, survived = 0; survived < 4 && point < 400; point += stride) {
        try {
          const died = await tryPoint(server, ledgers, scenario, calls, point);
          survived = died ? 0 : survived + 1;
          if (died) points++;
        } catch (error) {
          throw new Error(
            `${scenario}, killed at call ${point} of ${calls}: ${error instanceof Error ? error.message : error}\n${server.log.slice(-2000)}`,
            { cause: error },
          );
        }
      }
    }
    acknowledged += ledgers.reduce((sum, ledger) => sum + ledger.acknowledged, 0);
    options.report(`${scenario}: ${points - before} kills`);
  }
  return { points, acknowledged };
}
