import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '#support/content';
import { askEntrepot } from '#support/entrepot';
import { ServerProcess } from '#support/server-process';
import { makeTemporaryFolder } from '#support/temporary-folder';
import { seededConfig, seededLocation, seedStore } from '#load/seed';

export interface LargeDrill {
  readonly manifests: number;
  readonly blobs: number;
  readonly databaseBytes: number;
  /** Seconds of the first backup, and of one with nothing new. */
  readonly first: number;
  readonly second: number;
  /** Seconds until a registry could be started, and until everything was checked. */
  readonly restored: number;
  readonly checked: number;
  readonly passed: boolean;
  readonly steps: readonly { readonly name: string; readonly ms: number }[];
}

interface Drilled {
  readonly passed: boolean;
  readonly rtoMs: number;
  readonly totalMs: number;
  readonly steps: LargeDrill['steps'];
  readonly checks: readonly { readonly name: string; readonly faults: readonly string[] }[];
}

/** The bytes of all blobs that the seed made rows of. */
function writeBytes(data: string, repositories: number, tags: number): void {
  const write = (bytes: string) => writeFileSync(join(data, 'blobs', seededLocation(digestOf(bytes))), bytes);
  for (let r = 0; r < repositories; r += 1) {
    for (const base of ['a', 'b']) write(`base ${base} ${r}`);
    for (let t = 0; t < tags; t += 1) write(seededConfig(r, t));
  }
}

/** Backs up a registry of many manifests, each with blobs, and restores it into a place of its own with every check. */
export async function runLargeDrill(
  repositories: number,
  tags: number,
  report: (line: string) => void,
): Promise<LargeDrill> {
  await using folder = await makeTemporaryFolder('drill');
  const [data, place] = [join(folder.path, 'data'), join(folder.path, 'place')];
  const server = await ServerProcess.start({ data });
  await server.stop();
  seedStore(data, { repositories, tags });
  writeBytes(data, repositories, tags);
  await server.start();
  report(`${repositories * tags} manifests in ${repositories} repositories`);
  const backUp = async () => {
    const from = performance.now();
    const made = (await askEntrepot(['backup', '--to', place, '--data', data], { timeout: 1_800_000 })) as {
      blobs: number;
      databaseBytes: number;
    };
    return { ...made, seconds: (performance.now() - from) / 1000 };
  };
  const first = await backUp();
  const second = await backUp();
  report(`backed up in ${first.seconds.toFixed(1)} s, again in ${second.seconds.toFixed(1)} s`);
  const drilled = (await askEntrepot(['drill', '--from', place], { timeout: 1_800_000 })) as Drilled;
  await server.stop();
  for (const { name, faults } of drilled.checks) for (const fault of faults) report(`${name}: ${fault}`);
  report(drilled.steps.map(({ name, ms }) => `${name} ${(ms / 1000).toFixed(1)} s`).join(', '));
  return {
    manifests: repositories * tags,
    blobs: first.blobs,
    databaseBytes: first.databaseBytes,
    first: first.seconds,
    second: second.seconds,
    restored: drilled.rtoMs / 1000,
    checked: drilled.totalMs / 1000,
    passed: drilled.passed,
    steps: drilled.steps,
  };
}
