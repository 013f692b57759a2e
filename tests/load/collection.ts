import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '#support/content';
import { startDebianRegistry } from '#support/debian-registry';
import { mustRun } from '#support/program';
import { ServerProcess } from '#support/server-process';
import { makeTemporaryFolder } from '#support/temporary-folder';
import type { Pace } from './pace.ts';
import { pushSmallImage } from './pushes.ts';
import { makeTable, type Section } from './report.ts';
import { type Rival, rivalOf, settleDisk } from './rivals.ts';
import { seededConfig, seededLocation, seededRepository, seededTag, seedStore } from './seed.ts';
import { median, readable } from './statistics.ts';
import { RegistryClient } from '#support/registry-client';
import { runWrk } from './wrk.ts';

const env = { ENTREPOT_GC_GRACE: '1s', ENTREPOT_GC_INTERVAL: '0s' };

/** Collects once, as clients of Harbor ask for it; answers with the seconds it took. */
async function collectOnce({ client }: Rival): Promise<number> {
  const body = JSON.stringify({ schedule: { type: 'Manual' }, parameters: {} });
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  const from = performance.now();
  const where = (await client.expect(201, 'POST', '/api/v2.0/system/gc/schedule', headers, body)).header('location');
  for (;;) {
    const run = (await client.expect(200, 'GET', where ?? '')).json() as { job_status: string };
    if (run.job_status === 'Success') return (performance.now() - from) / 1000;
    if (run.job_status === 'Error' || run.job_status === 'Stopped')
      throw new Error(`the collection ended: ${run.job_status}`);
    await sleep(20);
  }
}

/** Collects until the bytes are gone, a grace apart as each stage asks; answers with the seconds at work. */
async function collectWhole(rival: Rival): Promise<number> {
  let seconds = 0;
  for (let stage = 0; stage < 4; stage++) {
    await sleep(1200);
    seconds += await collectOnce(rival);
  }
  return seconds;
}

async function atOnce(count: number, width: number, one: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (; next < count; ) await one(next++);
    }),
  );
}

interface Large {
  readonly rival: Rival;
  readonly blobs: number;
  /** Deletes one image of each of so many repositories, others each time; of all of them it is one blob in a hundred. */
  makeGarbage(repositories?: number): Promise<number>;
}

/** A registry on a million blobs, of which those that will be garbage have bytes. */
async function openLarge(pace: Pace, stack: AsyncDisposableStack): Promise<Large> {
  const size = { repositories: pace.quick ? 200 : 10_000, tags: 98 };
  const folder = stack.use(await makeTemporaryFolder('collection'));
  const server = stack.use(await ServerProcess.start({ data: folder.path, env }));
  await server.stop();
  seedStore(folder.path, size);
  await server.start();
  const rival = rivalOf(server);
  stack.defer(() => rival.client[Symbol.dispose]());
  let rounds = 0;
  return {
    rival,
    blobs: size.repositories * (size.tags + 2),
    async makeGarbage(repositories = size.repositories) {
      const tag = rounds++;
      for (let r = 0; r < repositories; r++) {
        const bytes = seededConfig(r, tag);
        writeFileSync(join(folder.path, 'blobs', seededLocation(digestOf(bytes))), bytes);
      }
      await atOnce(repositories, 8, async (r) => {
        const path = `/v2/${seededRepository(r)}/manifests`;
        const found = await rival.client.expect(200, 'HEAD', `${path}/${seededTag(tag)}`);
        await rival.client.expect(202, 'DELETE', `${path}/${found.header('docker-content-digest') ?? ''}`);
      });
      return repositories;
    },
  };
}

/** Images deleted before each round under load: what is collected while it runs. */
const besideLoad = 2000;

/** Pushes for some seconds by eight writers; answers with images a second. */
async function pushFor(rival: Rival, seconds: number, name: string): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let pushed = 0;
  await atOnce(8, 8, async (writer) => {
    while (performance.now() < end) await pushSmallImage(rival, `library/push-${writer}`, `${name}-${pushed++}`);
  });
  return pushed / seconds;
}

/** Does it while collections run one after the other. */
async function whileCollecting<T>(rival: Rival, work: () => Promise<T>): Promise<T> {
  let over = false;
  const collecting = (async () => {
    while (!over) {
      await collectOnce(rival);
      await sleep(100);
    }
  })();
  try {
    return await work();
  } finally {
    over = true;
    await collecting;
  }
}

const figure = (value: number, unit: string) => `${readable(value)} ${unit}`;

async function measureLarge(pace: Pace): Promise<string[][]> {
  await using stack = new AsyncDisposableStack();
  const { rival, blobs, makeGarbage } = await openLarge(pace, stack);
  const pull = () =>
    runWrk({
      origin: rival.origin,
      path: `/v2/${seededRepository(0)}/manifests/${seededTag(97)}`,
      headers: rival.headers,
      connections: 4,
      seconds: pace.seconds,
    });
  const first = await collectWhole(rival);
  pace.log(`first collection of ${blobs} blobs: ${first.toFixed(1)} s`);
  const garbage = await makeGarbage();
  const collected = await collectWhole(rival);
  pace.log(`${garbage} of ${blobs} blobs collected in ${collected.toFixed(2)} s`);
  await sleep(1200);
  const idle = median([await collectOnce(rival), await collectOnce(rival), await collectOnce(rival)]);
  const [quiet, busy, alone, beside]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = 0; round < Math.max(3, pace.rounds); round++) {
    quiet.push((await pull()).p99);
    alone.push(await pushFor(rival, pace.seconds, `alone-${round}`));
    await makeGarbage(Math.min(besideLoad, blobs / 100));
    await sleep(1200);
    busy.push((await whileCollecting(rival, pull)).p99);
    await makeGarbage(Math.min(besideLoad, blobs / 100));
    await sleep(1200);
    beside.push(await whileCollecting(rival, () => pushFor(rival, pace.seconds, `beside-${round}`)));
    pace.log(
      `round ${round + 1}: pull p99 ${quiet.at(-1)} → ${busy.at(-1)} ms, pushes ${alone.at(-1)} → ${beside.at(-1)} /s`,
    );
  }
  const count = (value: number) => value.toLocaleString('en-US');
  return [
    [`first look at ${count(blobs)} blobs just pushed`, figure(first, 's'), ''],
    [`${count(garbage)} garbage among ${count(blobs)} blobs`, figure(collected, 's'), '≤ 60 s'],
    ['a second run with nothing to do', figure(idle, 's'), '≤ 1 s'],
    [
      'manifest GET p99 while it runs',
      `${figure(median(busy), 'ms')} against ${figure(median(quiet), 'ms')}: ${readable(median(busy) / median(quiet))}×`,
      '≤ 1.5×',
    ],
    [
      'pushes of a small image while it runs',
      `${figure(median(beside), '/s')} against ${figure(median(alone), '/s')}: ${readable(median(beside) / median(alone))}×`,
      '≥ 0.8×',
    ],
  ];
}

/** The same images in both; the peer has to stand still for its collection. */
async function measureBeside(pace: Pace): Promise<string[]> {
  await using stack = new AsyncDisposableStack();
  const images = pace.quick ? 200 : 3000;
  const folder = stack.use(await makeTemporaryFolder('collection-peer'));
  const root = join(folder.path, 'store');
  const server = stack.use(await ServerProcess.start({ env }));
  const ours = rivalOf(server);
  stack.defer(() => ours.client[Symbol.dispose]());
  const debian = stack.use(await startDebianRegistry(root));
  using client = new RegistryClient(debian.origin);
  const theirs: Rival = {
    ...ours,
    name: 'docker-registry',
    origin: debian.origin,
    pid: debian.pid,
    headers: {},
    client,
  };
  for (const rival of [ours, theirs]) {
    await atOnce(images, 8, (index) => pushSmallImage(rival, `library/r${index % 50}`, `t${index}`));
    await atOnce(images / 100, 4, async (index) => {
      const path = `/v2/library/r${index % 50}/manifests`;
      const accept = 'application/vnd.oci.image.manifest.v1+json';
      const found = await rival.client.expect(200, 'HEAD', `${path}/t${index}`, { accept });
      await rival.client.expect(202, 'DELETE', `${path}/${found.header('docker-content-digest') ?? ''}`);
    });
  }
  await settleDisk();
  await sleep(1200);
  // The first looks at every blob just pushed; it is counted in.
  const mine = await collectWhole(ours);
  await debian.stop();
  const file = join(folder.path, 'collect.yml');
  writeFileSync(
    file,
    `version: 0.1\nlog: { level: error }\nstorage: { delete: { enabled: true }, filesystem: { rootdirectory: ${root} } }\n`,
  );
  const from = performance.now();
  await mustRun('docker-registry', ['garbage-collect', file], { timeout: 900_000 });
  const other = (performance.now() - from) / 1000;
  pace.log(`${images} images: ${mine.toFixed(2)} s against ${other.toFixed(2)} s`);
  return [
    `${images.toLocaleString('en-US')} images, one in a hundred deleted`,
    `${figure(mine, 's')} while it serves, docker-registry ${figure(other, 's')} while it stands still: ${readable(other / mine)}×`,
    '',
  ];
}

/** How long collections take, and what those who pull and push notice of them. */
export async function measureCollection(pace: Pace): Promise<Section> {
  const rows = [...(await measureLarge(pace)), await measureBeside(pace)];
  return {
    name: 'collection',
    title: 'Garbage collection',
    note: 'SQLite and a folder, with a grace of a second. Collections are asked for by Harbor’s operation; the time of all stages (unlink and condemn, remove, give back) is added up, without the waits between them. One deleted image leaves one blob to nobody. Medians of several rounds.',
    rows: [],
    table: makeTable(['', 'Entrepot', 'aim'], rows),
  };
}
