// `npm run torture`: kills a registry hundreds of times while it is written to, and looks for what was lost.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { needTools } from '#support/system-tool';
import { runRot } from './bit-rot.ts';
import { runCrashPoints, scenarios } from './crash-points.ts';
import type { StackKind } from '#support/stack';
import { runLargeDrill } from './drill.ts';
import { evenWeights, runCrashRounds } from './rounds.ts';
import { runShippingRounds } from './shipping.ts';
import { replaySchedule, runSchedules } from './schedules.ts';
import { runSoak } from './soak.ts';

const usage = `npm run torture -- [--rounds 500] [--seed TEXT] [--stack sqlite-filesystem|postgres-s3] [--writers 4]
  Kills the server at random moments of mixed pushes and compares what it has afterwards with what it acknowledged.
npm run torture -- --points [--stride 3] [--power] [--scenario NAME]... [--most N] [--at-least N]
  Kills it at each system call of each operation that changes the disk instead (of the writes: every third). With --power
  the disk, a file with ext4 on it, loses everything that was not synced; needs root and Linux. Begins again with other
  content until it was killed so many times.
npm run torture -- --soak [--minutes 30] [--writers 8] [--readers 8] [--stack ...]
  Writers and readers on a registry that collects every five seconds with a grace of one. Compares all the time.
npm run torture -- --schedules 1000000 [--seed 0] [--stack ...]
  Runs schedules of the interleaving simulator, on every core, and prints the seed of one that fails. On PostgreSQL all
  of a schedule goes at once; a seed has the same errands again there, not the same order.
npm run torture -- --replay SEED
  Shows a schedule of the simulator step by step.
npm run torture -- --rot 1000 [--seed TEXT]
  Flips bits, cuts, removes, zeroes and swaps files of a store, and has one scrub find all of it.
npm run torture -- --drill [--rounds 20] [--seed TEXT]
  Restores a backup of 100,000 manifests with every check, then kills a registry that ships its changes, restores it
  elsewhere and measures what is lost.`;

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '500' },
    soak: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '30' },
    readers: { type: 'string', default: '8' },
    schedules: { type: 'string' },
    replay: { type: 'string' },
    rot: { type: 'string' },
    power: { type: 'boolean', default: false },
    scenario: { type: 'string', multiple: true },
    most: { type: 'string', default: '400' },
    'at-least': { type: 'string', default: '0' },
    'rounds-per-store': { type: 'string', default: '25' },
    writers: { type: 'string' },
    seed: { type: 'string' },
    stack: { type: 'string', default: 'sqlite-filesystem' },
    points: { type: 'boolean', default: false },
    drill: { type: 'boolean', default: false },
    stride: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});
const seed = values.seed ?? new Date().toISOString();
const report = (line: string): void => console.log(line);

async function killAtRandom(stack: StackKind): Promise<void> {
  report(`seed ${seed}`);
  const result = await runCrashRounds({
    rounds: Number(values.rounds),
    roundsPerStore: Number(values['rounds-per-store']),
    writers: Number(values.writers ?? 4),
    seed,
    stack,
    weights: evenWeights,
    report,
  });
  const [middle, late, most] = [0.5, 0.99, 1].map((share) => Math.round(percentile(result.ready, share)));
  report(`${result.rounds} kills, ${result.acknowledged} acknowledged writes, none lost, nothing half there`);
  report(`ready again after ${middle} ms (half of the restarts), ${late} ms (99 of 100), ${most} ms (the slowest)`);
}

async function killAtCalls(): Promise<void> {
  const missing = await needTools(['strace']);
  if (missing !== undefined) throw new Error(missing);
  const wanted = values.scenario ?? scenarios;
  const chosen = scenarios.filter((name) => wanted.includes(name));
  if (chosen.length === 0) throw new Error(`--scenario: expected one of ${scenarios.join(', ')}`);
  const { power } = values;
  report(`seed ${seed}`);
  const { points, acknowledged } = await runCrashPoints({
    stride: Number(values.stride),
    power,
    scenarios: chosen,
    seed,
    most: Number(values.most),
    atLeast: Number(values['at-least']),
    lanes: availableParallelism(),
    report,
  });
  report(
    `${points} ${power ? 'power cuts' : 'kills'} at system calls, ${acknowledged} acknowledged writes, none lost, nothing half there`,
  );
}

async function soak(stack: StackKind): Promise<void> {
  report(`seed ${seed}`);
  const result = await runSoak({
    stack,
    minutes: Number(values.minutes),
    writers: Number(values.writers ?? 8),
    readers: Number(values.readers),
    seed,
    report,
  });
  const { pushes, moves, deletions, pulls, collections, removed, freed, excused, left } = result;
  report(`${pushes} pushes, ${moves} tags moved, ${deletions} deletions, ${pulls} whole pulls; no blob lost`);
  report(`${collections} collections removed ${removed} blobs and gave ${freed} bytes back`);
  for (const [kind, count] of excused) report(`${count} ${kind}`);
  if (left !== undefined) report(`${left} blobs left in the store when everything was deleted`);
}

async function simulate(schedules: number, stack: StackKind): Promise<void> {
  const result = await runSchedules(Number(values.seed ?? 0), schedules, stack);
  const { steps, crashes, seconds } = result;
  report(`${result.schedules} schedules, ${steps} steps, ${crashes} crashes in ${Math.round(seconds)} s; nothing lost`);
}

async function drill(rounds: number): Promise<void> {
  const large = await runLargeDrill(1000, 100, report);
  report(
    `${large.manifests} manifests restored in ${large.restored.toFixed(1)} s, every check done after ${large.checked.toFixed(1)} s: ${large.passed ? 'passed' : 'FAILED'}`,
  );
  if (!large.passed || large.checked > 300) process.exitCode = 1;
  const between = [12_000, 35_000] as const;
  const shipped = await runShippingRounds({
    rounds,
    writers: 4,
    seed,
    intervalSeconds: 10,
    between,
    report,
  });
  const [middle, most] = [0.5, 1].map((share) => Math.round(percentile(shipped.lost, share)));
  report(
    `${shipped.rounds} machines lost while shipping every 10 s, ${shipped.acknowledged} pushes: the oldest that was lost was acknowledged ${middle} ms before (half of them), ${most} ms (the worst); ${shipped.lineages} lineages`,
  );
}

async function torture(stack: StackKind): Promise<void> {
  if (values.replay !== undefined) process.exitCode = (await replaySchedule(Number(values.replay))) ? 0 : 1;
  else if (values.schedules !== undefined) await simulate(Number(values.schedules), stack);
  else if (values.rot !== undefined) await runRot({ damages: Number(values.rot), seed, report });
  else if (values.drill) await drill(Math.min(Number(values.rounds), 20));
  else if (values.soak) await soak(stack);
  else if (values.points || values.power) await killAtCalls();
  else await killAtRandom(stack);
}

if (values.help || (values.stack !== 'sqlite-filesystem' && values.stack !== 'postgres-s3')) {
  console.log(usage);
  process.exitCode = values.help ? 0 : 2;
} else {
  await torture(values.stack);
}
