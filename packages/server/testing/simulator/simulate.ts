import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPostgresDb } from '#platform/db';
import { createOpenGate } from './gate.ts';
import { noSabotage, type Sabotage } from './sabotage.ts';
import { runGroup, schedulesPerGroup } from './schedule.ts';
import { openSqliteWorld, openWorldOn, type World } from './world.ts';

export interface SimulationOptions {
  /** The first seed; the others follow it. */
  readonly seed: number;
  readonly schedules: number;
  readonly sabotage?: Sabotage;
  /** A PostgreSQL database of its own; there everything goes at once, and nobody dies. SQLite in memory unless told. */
  readonly database?: string;
  /** No schedule is begun after so long, in milliseconds. */
  readonly within?: number;
  readonly report?: (done: number) => void;
}

export interface SimulationResult {
  readonly schedules: number;
  readonly steps: number;
  readonly crashes: number;
  readonly seconds: number;
}

/** A schedule in which something did not hold. */
export class ScheduleFailed extends Error {
  readonly seed: number;
  /** What happened in its group, where it does not happen again by the seed. */
  readonly lines: readonly string[];
  constructor(seed: number, cause: unknown, lines: readonly string[] = []) {
    super(`schedule ${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    this.seed = seed;
    this.lines = lines;
  }
}

/** A database grows by its audit; it is made anew after so many groups. */
const groupsPerWorld = 200;

/** Where files cost no disk, when there is such a place. */
const memoryFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

async function withWorld<T>(sabotage: Sabotage, work: (world: World) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(memoryFolder, 'entrepot-simulator-'));
  try {
    await using world = await openSqliteWorld(join(folder, 'entrepot.db'), sabotage);
    return await work(world);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function withPostgres<T>(url: string, sabotage: Sabotage, work: (world: World) => Promise<T>): Promise<T> {
  await using db = await openPostgresDb({ url, poolSize: 6, onIdleError: () => undefined });
  return await work(await openWorldOn(db, sabotage));
}

/** Runs schedules, one group after the other. Rejects with `ScheduleFailed` at the first in which something does not hold. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { seed, schedules, sabotage = noSabotage, within = Number.POSITIVE_INFINITY, report } = options;
  const begun = performance.now();
  const start = groupOf(seed);
  let [done, steps, crashes] = [0, 0, 0];
  const { database } = options;
  const open = (work: (world: World) => Promise<void>) =>
    database === undefined ? withWorld(sabotage, work) : withPostgres(database, sabotage, work);
  const atOnce = (lines: string[]) =>
    database === undefined
      ? {}
      : {
          createGate: createOpenGate,
          crashes: false,
          onStep: (line: string, schedule: number) => void lines.push(`${schedule} ${line}`),
        };
  const groupsInWorld = database === undefined ? groupsPerWorld : Number.POSITIVE_INFINITY;
  const inTime = () => done < schedules && performance.now() - begun < within;
  while (inTime()) {
    await open(async (world) => {
      for (let group = 0; group < groupsInWorld && inTime(); group += 1) {
        const first = start + done;
        let at = first;
        const lines: string[] = [];
        try {
          const onSchedule = (schedule: number) => {
            at = schedule;
          };
          const result = await runGroup(world, { first, schedules: schedulesPerGroup, onSchedule, ...atOnce(lines) });
          steps += result.steps;
          crashes += result.crashes;
        } catch (error) {
          throw new ScheduleFailed(at, error, lines);
        }
        done += schedulesPerGroup;
        report?.(done);
      }
    });
  }
  return { schedules: done, steps, crashes, seconds: (performance.now() - begun) / 1000 };
}

const groupOf = (seed: number): number => seed - (seed % schedulesPerGroup);

/** Runs the group of a schedule again and says what happens, step by step. Answers with what did not hold, if anything. */
export async function replay(
  seed: number,
  say: (line: string, schedule: number) => void,
  sabotage: Sabotage = noSabotage,
): Promise<unknown> {
  return withWorld(sabotage, async (world) => {
    try {
      await runGroup(world, { first: groupOf(seed), schedules: schedulesPerGroup, thorough: true, onStep: say });
      return undefined;
    } catch (error) {
      return error;
    }
  });
}
