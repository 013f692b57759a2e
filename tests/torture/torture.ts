// `npm run torture`: kills a registry hundreds of times while it is written to, and looks for what was lost.
import { parseArgs } from 'node:util';
import { needTools } from '#support/system-tool';
import { runCrashPoints } from './crash-points.ts';
import type { StackKind } from '#support/stack';
import { evenWeights, runCrashRounds } from './rounds.ts';

const usage = `npm run torture -- [--rounds 500] [--seed TEXT] [--stack sqlite-filesystem|postgres-s3] [--writers 4]
  Kills the server at random moments of mixed pushes and compares what it has afterwards with what it acknowledged.
npm run torture -- --points [--stride 3]
  Kills it at each system call of each operation that changes the disk instead (of the writes: every third).`;

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '500' },
    'rounds-per-store': { type: 'string', default: '25' },
    writers: { type: 'string', default: '4' },
    seed: { type: 'string', default: new Date().toISOString() },
    stack: { type: 'string', default: 'sqlite-filesystem' },
    points: { type: 'boolean', default: false },
    stride: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});
const report = (line: string): void => console.log(line);

async function killAtRandom(stack: StackKind): Promise<void> {
  report(`seed ${values.seed}`);
  const result = await runCrashRounds({
    rounds: Number(values.rounds),
    roundsPerStore: Number(values['rounds-per-store']),
    writers: Number(values.writers),
    seed: values.seed,
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
  const { points, acknowledged } = await runCrashPoints({ stride: Number(values.stride), report });
  report(`${points} kills at system calls, ${acknowledged} acknowledged writes, none lost, nothing half there`);
}

if (values.help || (values.stack !== 'sqlite-filesystem' && values.stack !== 'postgres-s3')) {
  console.log(usage);
  process.exitCode = values.help ? 0 : 2;
} else {
  await (values.points ? killAtCalls() : killAtRandom(values.stack));
}
