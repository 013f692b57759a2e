import { mediaType } from '#support/content';
import { ServerProcess } from '#support/server-process';
import { makeTemporaryFolder } from '#support/temporary-folder';
import type { Pace } from './pace.ts';
import { makeTable, type Section } from './report.ts';
import { type Rival, rivalOf } from './rivals.ts';
import { seededRepository, seededTag, seedStore, type SeedSize } from './seed.ts';
import { median, percentile, readable } from './statistics.ts';
import { runWrk } from './wrk.ts';

const sizes: readonly SeedSize[] = [
  { repositories: 10, tags: 10 },
  { repositories: 1_000, tags: 10 },
  { repositories: 100_000, tags: 10 },
];

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}

/** Times some requests of four at a time. */
async function time(count: number, one: (index: number) => Promise<unknown>): Promise<Latency> {
  const times: number[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (; next < count; ) {
        const from = performance.now();
        await one(next++);
        times.push(performance.now() - from);
      }
    }),
  );
  return { p50: median(times), p99: percentile(times, 0.99) };
}

/** One store of some size, with a registry that serves it. */
interface Store {
  readonly size: SeedSize;
  readonly rival: Rival;
  readonly digests: readonly (readonly [repository: string, digest: string])[];
  /** Tags made by the last round of moves, for the round of deletions after it. */
  readonly moved: string[];
}

type Measurement = (store: Store, pace: Pace, round: number) => Promise<Latency>;

function anyRepository({ size }: Store): string {
  return seededRepository(random(size.repositories));
}

function anyTag({ size }: Store): string {
  return seededTag(random(size.tags));
}

function countFor(pace: Pace): number {
  return pace.quick ? 500 : 3_000;
}

function imagesFor(pace: Pace): number {
  return pace.quick ? 60 : 200;
}

const measurements: Readonly<Record<string, Measurement>> = {
  'manifest GET by tag': ({ rival, size }, pace) => {
    const headers = { ...rival.headers, accept: mediaType.image };
    const path = '/v2/library/@R/manifests/@T';
    return runWrk({ origin: rival.origin, path, headers, connections: 4, seconds: pace.seconds, among: size });
  },
  'manifest HEAD by tag': (store, pace) =>
    time(countFor(pace), () =>
      store.rival.client.expect(200, 'HEAD', `/v2/${anyRepository(store)}/manifests/${anyTag(store)}`),
    ),
  'manifest GET by digest': ({ rival, digests }, pace) =>
    time(countFor(pace), (index) => {
      const [repository, digest] = digests[index % digests.length] ?? ['', ''];
      return rival.client.expect(200, 'GET', `/v2/${repository}/manifests/${digest}`);
    }),
  'tags of a repository': (store, pace) =>
    time(countFor(pace), () => store.rival.client.expect(200, 'GET', `/v2/${anyRepository(store)}/tags/list`)),
  'catalog, 100 from the middle': (store, pace) =>
    time(countFor(pace) / 5, () =>
      store.rival.client.expect(200, 'GET', `/v2/_catalog?n=100&last=${anyRepository(store)}`),
    ),
  'push of a small image': (store, pace, round) =>
    time(imagesFor(pace), (index) => store.rival.client.pushImage(anyRepository(store), `pushed-${round}-${index}`)),
  'tag moved': (store, pace) =>
    time(imagesFor(pace), async (index) => {
      const { client } = store.rival;
      const repository = anyRepository(store);
      const { text } = await client.expect(200, 'GET', `/v2/${repository}/manifests/${anyTag(store)}`);
      const path = `/v2/${repository}/manifests/moved-${index}`;
      await client.expect(201, 'PUT', path, { 'content-type': mediaType.image }, text);
      store.moved[index] = path;
    }),
  'tag deleted': (store, pace) =>
    time(imagesFor(pace), (index) => store.rival.client.expect(202, 'DELETE', store.moved[index] ?? '')),
};

async function openStore(size: SeedSize, pace: Pace, stack: AsyncDisposableStack): Promise<Store> {
  const folder = stack.use(await makeTemporaryFolder('growth'));
  const server = stack.use(await ServerProcess.start({ data: folder.path }));
  await server.stop();
  const from = performance.now();
  seedStore(folder.path, size);
  pace.log(`seeded ${size.repositories * size.tags} tags in ${((performance.now() - from) / 1000).toFixed(1)} s`);
  await server.start();
  const rival = rivalOf(server);
  stack.defer(() => rival.client[Symbol.dispose]());
  const digests: [string, string][] = [];
  for (let index = 0; index < Math.min(1_000, size.repositories * size.tags); index++) {
    const repository = seededRepository(random(size.repositories));
    const path = `/v2/${repository}/manifests/${seededTag(random(size.tags))}`;
    digests.push([repository, (await rival.client.expect(200, 'HEAD', path)).header('docker-content-digest') ?? '']);
  }
  return { size, rival, digests, moved: [] };
}

/** The same operations on stores of very different size, in turn. */
export async function measureGrowth(pace: Pace): Promise<Section> {
  await using stack = new AsyncDisposableStack();
  const chosen = pace.quick ? sizes.slice(0, 2) : sizes;
  const stores: Store[] = [];
  for (const size of chosen) stores.push(await openStore(size, pace, stack));
  const seen = new Map<string, Latency[]>();
  for (let round = 0; round < Math.max(3, pace.rounds); round++) {
    for (const [what, measure] of Object.entries(measurements)) {
      for (const [index, store] of stores.entries()) {
        const key = `${what}/${index}`;
        seen.set(key, [...(seen.get(key) ?? []), await measure(store, pace, round)]);
      }
    }
    pace.log(`round ${round + 1} done`);
  }
  const middle = (what: string, index: number): Latency => {
    const all = seen.get(`${what}/${index}`) ?? [];
    return { p50: median(all.map(({ p50 }) => p50)), p99: median(all.map(({ p99 }) => p99)) };
  };
  const number = (value: number): string => value.toLocaleString('en-US');
  const heads = chosen.map((size) => `${number(size.repositories * size.tags)} tags in ${number(size.repositories)}`);
  const rows = Object.keys(measurements).map((what) => {
    const latencies = stores.map((_, index) => middle(what, index));
    const [first, last] = [latencies[0]?.p99 ?? Number.NaN, latencies.at(-1)?.p99 ?? Number.NaN];
    return [
      what,
      ...latencies.map(({ p50, p99 }) => `${readable(p50)} / ${readable(p99)}`),
      `${readable(last / first)}×`,
    ];
  });
  return {
    name: 'growth',
    title: 'Cost as the store grows',
    note: 'Milliseconds, half of the requests / 99 of 100, four at a time over the whole store; medians of several rounds, the stores in turn. The last column is the growth of the 99th percentile from the smallest to the largest store; the aim is at most 1.5×.',
    rows: [],
    table: makeTable(['', ...heads, 'p99 grows'], rows),
  };
}
