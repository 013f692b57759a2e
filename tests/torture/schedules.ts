import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { endWithThisProcess } from '#support/program';
import { startPostgres } from '#support/postgres';
import { repositoryRoot } from '#support/server-process';
import type { StackKind } from '#support/stack';

const program = 'packages/server/testing/simulator/main.ts';

export interface SchedulesResult {
  readonly schedules: number;
  readonly steps: number;
  readonly crashes: number;
  readonly seconds: number;
}

async function run(seed: number, schedules: number, database?: string): Promise<SchedulesResult> {
  const args = [program, '--seed', String(seed), '--schedules', String(schedules)];
  if (database !== undefined) args.push('--database', database);
  const child = spawn(process.execPath, args, { cwd: repositoryRoot, stdio: ['ignore', 'pipe', 'inherit'] });
  endWithThisProcess(child);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the schedules from ${seed} on ended with ${code}; the seed is above`);
  return JSON.parse(said) as SchedulesResult;
}

/**
 * Runs the schedules of the interleaving simulator, in a process for each core. On PostgreSQL everything of a schedule
 * goes at once, as the database lets it. Rejects when one of them fails.
 */
export async function runSchedules(seed: number, schedules: number, stack: StackKind): Promise<SchedulesResult> {
  await using postgres = stack === 'postgres-s3' ? await startPostgres() : undefined;
  const begun = performance.now();
  const processes = availableParallelism();
  const share = Math.ceil(schedules / processes);
  const one = async (_: unknown, index: number) => run(seed + index * share, share, await postgres?.makeDatabase());
  const parts = await Promise.all(Array.from({ length: processes }, one));
  const sum = (of: (result: SchedulesResult) => number) => parts.reduce((total, part) => total + of(part), 0);
  return {
    schedules: sum((part) => part.schedules),
    steps: sum((part) => part.steps),
    crashes: sum((part) => part.crashes),
    seconds: (performance.now() - begun) / 1000,
  };
}

/** Shows one schedule step by step. Answers whether everything held. */
export async function replaySchedule(seed: number): Promise<boolean> {
  const child = spawn(process.execPath, [program, '--replay', '--seed', String(seed)], {
    cwd: repositoryRoot,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  endWithThisProcess(child);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}
