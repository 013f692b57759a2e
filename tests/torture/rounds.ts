import { setTimeout as delay } from 'node:timers/promises';
import type { ServerProcess } from '#support/server-process';
import { type StackKind, startRegistryOn } from '#support/stack';
import { Ledger } from './ledger.ts';
import { type OperationName, operations } from './operations.ts';
import { type Chance, makeChance } from './random.ts';
import { verify } from './verify.ts';

export interface RoundsOptions {
  readonly rounds: number;
  /** Rounds on one store before a new one is begun. */
  readonly roundsPerStore: number;
  readonly writers: number;
  readonly seed: string;
  readonly stack: StackKind;
  readonly weights: Readonly<Record<OperationName, number>>;
  /** Stops before the next round when so many milliseconds have passed. */
  readonly within?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly report?: (line: string) => void;
}

export interface RoundsResult {
  readonly rounds: number;
  readonly acknowledged: number;
  /** Milliseconds from start to readiness, one for each restart. */
  readonly ready: readonly number[];
}

export const evenWeights: Readonly<Record<OperationName, number>> = {
  pushWhole: 20,
  pushInChunks: 15,
  resumeUpload: 5,
  mount: 10,
  pushImage: 25,
  pushIndex: 8,
  retag: 10,
  deleteTag: 5,
  deleteManifest: 5,
  deleteBlob: 5,
};

/** The connection broke, as it does when the server is killed. */
export function isBroken(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes(String(error.code))
  );
}

async function write(
  server: ServerProcess,
  ledger: Ledger,
  others: readonly Ledger[],
  chance: Chance,
  weights: RoundsOptions['weights'],
): Promise<void> {
  using client = server.client();
  try {
    for (;;) await operations[chance.weighted(weights)]({ client, ledger, others, chance });
  } catch (error) {
    if (!isBroken(error)) throw error;
  }
}

/** One round: writers write until the server is killed, then the server is started again. */
async function round(
  server: ServerProcess,
  ledgers: readonly Ledger[],
  chance: Chance,
  options: RoundsOptions,
): Promise<number> {
  let faults: unknown[] = [];
  const writers = ledgers.map(async (ledger, index) => {
    const others = ledgers.filter((other) => other !== ledger);
    await write(server, ledger, others, chance.fork(`writer-${index}`), options.weights);
  });
  const settled = Promise.allSettled(writers).then((results) => {
    faults = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  });
  await delay(chance.between(5, 400));
  await server.kill();
  await settled;
  if (faults.length > 0) throw faults[0];
  // Now and then it is killed again while it starts.
  if (chance.between(0, 7) === 0) {
    server.launch();
    await delay(chance.between(50, 700));
    await server.kill();
  }
  await server.start();
  return server.readyAfter;
}

/**
 * Kills a registry again and again while it is written to, and compares what it has with what it acknowledged.
 * Rejects at the first loss, with the seed and the round to repeat it.
 */
export async function runCrashRounds(options: RoundsOptions): Promise<RoundsResult> {
  const begun = performance.now();
  const ready: number[] = [];
  let acknowledged = 0;
  let done = 0;
  const inTime = (): boolean => options.within === undefined || performance.now() - begun < options.within;
  for (let store = 0; done < options.rounds && inTime(); store++) {
    await using registry = await startRegistryOn(options.stack, {
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    const { server } = registry;
    const ledgers = Array.from({ length: options.writers }, (_, index) => new Ledger(`library/writer-${index}`));
    for (let onStore = 0; onStore < options.roundsPerStore && done < options.rounds && inTime(); onStore++) {
      const name = `${options.seed}/${store}/${onStore}`;
      try {
        ready.push(await round(server, ledgers, makeChance(name), options));
        done++;
        const last = onStore === options.roundsPerStore - 1 || done === options.rounds;
        using client = server.client();
        for (const ledger of ledgers) await verify(client, ledger, last || onStore % 10 === 9);
      } catch (error) {
        throw new Error(
          `round ${done} (${name}): ${error instanceof Error ? error.message : error}\n${server.log.slice(-3000)}`,
          {
            cause: error,
          },
        );
      }
      if (done % 25 === 0)
        options.report?.(`${done} rounds, ${acknowledged + sum(ledgers)} acknowledged writes, none lost`);
    }
    acknowledged += sum(ledgers);
  }
  return { rounds: done, acknowledged, ready };
}

function sum(ledgers: readonly Ledger[]): number {
  return ledgers.reduce((total, ledger) => total + ledger.acknowledged, 0);
}
