import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { endWithThisProcess } from '#support/program';
import { ServerProcess } from '#support/server-process';
import { makeTemporaryFolder } from '#support/temporary-folder';
import { Ledger } from './ledger.ts';
import { forgetLoose, lifecycleOperations } from './lifecycle-operations.ts';
import { type Desk, leaveUpload, type Operation, operations } from './operations.ts';
import { assertDiskSound, makeMortalDisk, type MortalDisk } from './power-loss.ts';
import { type Chance, makeChance } from './random.ts';
import { isBroken } from './rounds.ts';
import { verify } from './verify.ts';

/** System calls that change what is on the disk, apart from the many small writes. */
const changes = 'fsync,fdatasync,rename,renameat2,link,linkat,unlink,unlinkat,ftruncate,mkdir';
const writes = 'pwrite64,pwritev';

const known = { ...operations, ...lifecycleOperations } satisfies Record<string, Operation>;

export type ScenarioName = keyof typeof known;

export const scenarios: readonly ScenarioName[] = [
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
  'restore',
  'collect',
];

/** What a scenario needs to have been done before, beside the pushes that all have. */
const before: Partial<Record<ScenarioName, readonly ScenarioName[]>> = {
  restore: ['deleteManifest'],
  collect: ['deleteManifest', 'deleteTag', 'deleteManifest'],
};

/** The shortest grace, and no collection but those that are asked for. */
const drill = { ENTREPOT_GC_GRACE: '1s', ENTREPOT_GC_INTERVAL: '0s' };

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
        const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
        await once(child, 'exit');
        clearTimeout(late);
      }
    },
  };
}

export interface PointsResult {
  readonly points: number;
  readonly acknowledged: number;
}

/** Fills a repository with what the scenarios work on. */
async function prepare(desk: Desk, scenario: ScenarioName): Promise<void> {
  await leaveUpload(desk);
  const pushes = [
    'pushWhole',
    'pushWhole',
    'pushInChunks',
    'pushWhole',
    'pushImage',
    'pushImage',
    'retag',
    'pushIndex',
  ];
  for (const name of [...(pushes as ScenarioName[]), ...(before[scenario] ?? [])]) await known[name](desk);
}

interface Place {
  readonly server: ServerProcess;
  readonly disk: MortalDisk | undefined;
  readonly ledgers: readonly [Ledger, Ledger];
}

/** A server that was killed a moment ago may not have ended yet; it answers nobody any more. */
async function hasDied(server: ServerProcess): Promise<boolean> {
  if (!server.running) return true;
  using client = server.client();
  try {
    await client.send('GET', '/healthz');
    return false;
  } catch (error) {
    if (!isBroken(error)) throw error;
    await server.kill();
    return true;
  }
}

/** True when the server died on the way. */
async function tryPoint(
  place: Place,
  scenario: ScenarioName,
  calls: string,
  point: number,
  chance: Chance,
): Promise<boolean> {
  const { server, disk, ledgers } = place;
  const [ledger, other] = ledgers;
  using client = server.client();
  const desk = { client, ledger, others: [other], chance };
  await prepare(desk, scenario);
  await prepare({ ...desk, ledger: other, others: [ledger], chance: chance.fork('other') }, scenario);
  {
    await using tracer = await killAt(server.pid ?? 0, calls, point);
    if (!tracer.attached) throw new Error('strace cannot attach to the server here');
    await known[scenario](desk).catch((error: unknown) => {
      if (!isBroken(error)) throw error;
    });
    if (server.running) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const died = await hasDied(server);
  if (died) {
    if (disk !== undefined) {
      await disk.losePower();
      // Small chunks are acknowledged before they are on the disk: a client sends the last second of them again.
      for (const one of ledgers) one.uploads.clear();
    }
    await server.start();
  }
  using again = server.client();
  // What a collection may take nobody may ask for: the other repository's blobs that no manifest names as well.
  for (const one of ledgers) {
    if (scenario === 'collect') forgetLoose(one);
    await verify(again, one, false);
  }
  if (disk !== undefined && died) await assertDiskSound(server.data);
  return died;
}

export interface PointsOptions {
  /** Leaves out writes: 1 tries each. */
  readonly stride: number;
  /** Cuts the power at each point, so that what was not synced is gone. */
  readonly power: boolean;
  readonly scenarios: readonly ScenarioName[];
  /** Decides the content of what is pushed. */
  readonly seed: string;
  /** The most points of one scenario. */
  readonly most: number;
  /** Passes over all scenarios, each with content of its own, until there were so many points; 0 is one pass. */
  readonly atLeast: number;
  /** How many scenarios are tried at once, each on a registry of its own. */
  readonly lanes: number;
  readonly report: (line: string) => void;
}

const mostPoints = 400;

async function runScenario(scenario: ScenarioName, pass: number, options: PointsOptions): Promise<PointsResult> {
  await using stack = new AsyncDisposableStack();
  const disk = options.power ? stack.use(await makeMortalDisk()) : undefined;
  // Calls are counted by thread, so one thread does all the work of the file system.
  const cache = stack.use(await makeTemporaryFolder('compiled'));
  const env = {
    UV_THREADPOOL_SIZE: '1',
    // Half of a start is reading our sources.
    NODE_COMPILE_CACHE: cache.path,
    ...(scenario === 'collect' ? drill : {}),
  };
  const start = async (): Promise<Place> => {
    const server = await ServerProcess.start({ env, ...(disk && { data: disk.folder }) });
    return { server, disk, ledgers: [new Ledger('library/one'), new Ledger('library/two')] };
  };
  let place = await start();
  stack.defer(() => place.server[Symbol.asyncDispose]());
  // What is compiled is kept at an orderly end, and there are none after this one.
  await place.server.stop();
  await place.server.start();
  let [points, acknowledged] = [0, 0];
  for (const [calls, stride] of [
    [changes, 1],
    [writes, options.stride],
  ] as const) {
    // An operation makes now more calls, now fewer; several in a row that survive are the end.
    for (let point = 1, survived = 0; survived < 4 && point < mostPoints && points < options.most; point += stride) {
      try {
        const died = await tryPoint(
          place,
          scenario,
          calls,
          point,
          makeChance(`${options.seed}/${pass}/${scenario}/${calls}/${point}`),
        );
        survived = died ? 0 : survived + 1;
        if (died) points++;
      } catch (error) {
        const { log } = place.server;
        throw new Error(
          `${scenario}, pass ${pass}, killed at call ${point} of ${calls}: ${error instanceof Error ? error.message : error}\n${log.slice(-2000)}`,
          { cause: error },
        );
      }
      if (scenario === 'collect') {
        // A collection that was under way waits for its lease to end; a new registry does not.
        acknowledged += sumOf(place.ledgers);
        await place.server[Symbol.asyncDispose]();
        if (disk !== undefined) await rm(disk.folder, { recursive: true });
        place = await start();
      }
    }
  }
  return { points, acknowledged: acknowledged + sumOf(place.ledgers) };
}

const sumOf = (ledgers: readonly Ledger[]): number => ledgers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);

/**
 * Kills a registry at every single system call of each operation in turn that changes the disk, with its power on wish,
 * and compares what it has afterwards with what it acknowledged.
 */
export async function runCrashPoints(options: PointsOptions): Promise<PointsResult> {
  const { scenarios: wanted, atLeast, report, lanes } = options;
  let [points, acknowledged] = [0, 0];
  function* eachOfEachPass(): Generator<readonly [ScenarioName, number]> {
    for (let pass = 0; pass === 0 || points < atLeast; pass++) for (const scenario of wanted) yield [scenario, pass];
  }
  // All lanes take from here; one that throws closes it, and the others end with what they are at.
  const tasks = eachOfEachPass();
  async function runLane(): Promise<void> {
    for (const [scenario, pass] of tasks) {
      const result = await runScenario(scenario, pass, options);
      points += result.points;
      acknowledged += result.acknowledged;
      report(`${scenario}: ${result.points} ${options.power ? 'power cuts' : 'kills'}, none lost; ${points} in all`);
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: lanes }, runLane));
  for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
  return { points, acknowledged };
}
