import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { describe, imageManifest, mediaType, someBytes } from '#support/content';
import { askEntrepot } from '#support/entrepot';
import { ServerProcess } from '#support/server-process';
import { makeTemporaryFolder } from '#support/temporary-folder';
import { makeChance } from './random.ts';
import { isBroken } from './rounds.ts';

export interface ShippingOptions {
  readonly rounds: number;
  readonly writers: number;
  readonly seed: string;
  readonly intervalSeconds: number;
  /** How long is pushed before the kill, in milliseconds. */
  readonly between: readonly [least: number, most: number];
  readonly report?: (line: string) => void;
}

export interface ShippingResult {
  readonly rounds: number;
  readonly acknowledged: number;
  /** Of each round: from the oldest push that is missing after the restore to the kill, in milliseconds; 0 for none. */
  readonly lost: readonly number[];
  /** From the newest push that is missing to the kill. */
  readonly newestLost: readonly number[];
  /** Milliseconds of each restore. */
  readonly restore: readonly number[];
  /** Chains of changes: one, unless continuity could not be shown after a kill. */
  readonly lineages: number;
}

interface Push {
  readonly tag: string;
  /** By the clock of this process. */
  readonly at: number;
}

const repository = 'library/shipped';

/** Pushes until the server is killed; answers with what was acknowledged. */
async function pushUntilKilled(server: ServerProcess, writer: string): Promise<Push[]> {
  const done: Push[] = [];
  using client = server.client();
  try {
    for (;;) {
      const config = JSON.stringify({ nonce: randomBytes(16).toString('hex') });
      const layer = someBytes(20_000);
      for (const bytes of [config, layer]) await client.pushBlob(repository, bytes);
      const tag = `${writer}-${done.length}`;
      const parts = [describe(mediaType.layer, layer)];
      await client.pushManifest(repository, tag, imageManifest(describe(mediaType.config, config), parts));
      done.push({ tag, at: performance.now() });
    }
  } catch (error) {
    if (!isBroken(error)) throw error;
  }
  return done;
}

/** The tags of a restored data folder. */
function readTags(data: string): Set<string> {
  using db = new DatabaseSync(join(data, 'entrepot.db'));
  return new Set(
    db
      .prepare('select name from tag')
      .all()
      .map((row) => String(row['name'])),
  );
}

async function untilShipped(server: ServerProcess): Promise<void> {
  using client = server.client();
  for (let tries = 0; tries < 1200; tries += 1) {
    const text = (await client.expect(200, 'GET', '/metrics')).text;
    const age = /^entrepot_backup_shipped_age_seconds (\S+)/m.exec(text)?.[1];
    if (Number.isFinite(Number(age))) return;
    await delay(50);
  }
  throw new Error(`nothing was shipped: ${server.log.slice(-2000)}`);
}

/**
 * Kills a registry that ships its changes while it is written to, loses its machine, restores it elsewhere, and looks
 * which acknowledged pushes are missing. The registry itself goes on from its own disk to the next round.
 */
export async function runShippingRounds(options: ShippingOptions): Promise<ShippingResult> {
  await using folder = await makeTemporaryFolder('shipping');
  const place = join(folder.path, 'place');
  const chance = makeChance(options.seed);
  const env = { ENTREPOT_BACKUP_TO: place, ENTREPOT_BACKUP_SHIP_INTERVAL: `${options.intervalSeconds}s` };
  await using server = await ServerProcess.start({ data: join(folder.path, 'data'), env });
  const all: Push[] = [];
  const [lost, newestLost, restore]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < options.rounds; round += 1) {
    await untilShipped(server);
    const writers = Array.from({ length: options.writers }, (_, writer) =>
      pushUntilKilled(server, `r${round}-w${writer}`),
    );
    const settled = Promise.all(writers);
    await Promise.race([delay(chance.between(...options.between)), settled]);
    await server.kill();
    const killed = performance.now();
    const pushes = (await settled).flat();
    const to = join(folder.path, `restored-${round}`);
    const before = performance.now();
    const made = (await askEntrepot(['restore', '--from', place, '--to-data', to])) as { missing: unknown[] };
    restore.push(performance.now() - before);
    assert.deepEqual(made.missing, []);
    const tags = readTags(to);
    await rm(to, { recursive: true });
    const early = all.filter(({ tag }) => !tags.has(tag));
    assert.deepEqual(early, [], 'what was pushed before the last start is missing');
    const missing = pushes.filter(({ tag }) => !tags.has(tag)).map(({ at }) => killed - at);
    lost.push(Math.max(0, ...missing));
    newestLost.push(missing.length === 0 ? 0 : Math.min(...missing));
    all.push(...pushes);
    options.report?.(
      `round ${round + 1}: ${pushes.length} pushes, ${missing.length} missing, the oldest ${(lost.at(-1) ?? 0).toFixed()} ms before the kill, restored in ${(restore.at(-1) ?? 0).toFixed()} ms`,
    );
    await server.start();
  }
  await untilShipped(server);
  const drilled = (await askEntrepot(['drill', '--from', place, '--deep'])) as { passed: boolean };
  assert.equal(drilled.passed, true);
  const lineages = (await readdir(join(place, 'changes'))).length;
  return { rounds: options.rounds, acknowledged: all.length, lost, newestLost, restore, lineages };
}
