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

/** The medians over some rounds of each measurement: one slow second of the machine is not the store's. */
function middle(rounds: readonly Map<string, Latency>[]): Map<string, Latency> {
  return new Map(
    [...(rounds[0]?.keys() ?? [])].map((what) => {
      const all = rounds.flatMap((round) => round.get(what) ?? []);
      return [what, { p50: median(all.map(({ p50 }) => p50)), p99: median(all.map(({ p99 }) => p99)) }];
    }),
  );
}

async function measureSize(rival: Rival, size: SeedSize, pace: Pace): Promise<Map<string, Latency>> {
  const { client, origin } = rival;
  const count = pace.quick ? 500 : 3_000;
  const found = new Map<string, Latency>();
  const anyRepository = (): string => seededRepository(random(size.repositories));
  const headers = { ...rival.headers, accept: mediaType.image };
  const run = {
    origin,
    path: '/v2/library/@R/manifests/@T',
    headers,
    connections: 4,
    seconds: pace.seconds,
    among: size,
  };
  // The first run warms what the store keeps in memory.
  await runWrk({ ...run, seconds: 1 });
  found.set('manifest GET by tag', await runWrk(run));
  found.set(
    'manifest HEAD by tag',
    await time(count, () =>
      client.expect(200, 'HEAD', `/v2/${anyRepository()}/manifests/${seededTag(random(size.tags))}`),
    ),
  );
  const digests: [string, string][] = [];
  for (let index = 0; index < Math.min(1_000, size.repositories * size.tags); index++) {
    const repository = anyRepository();
    const head = await client.expect(200, 'HEAD', `/v2/${repository}/manifests/${seededTag(random(size.tags))}`);
    digests.push([repository, head.header('docker-content-digest') ?? '']);
  }
  found.set(
    'manifest GET by digest',
    await time(count, (index) => {
      const [repository, digest] = digests[index % digests.length] ?? ['', ''];
      return client.expect(200, 'GET', `/v2/${repository}/manifests/${digest}`);
    }),
  );
  found.set(
    'tags of a repository',
    await time(count, () => client.expect(200, 'GET', `/v2/${anyRepository()}/tags/list`)),
  );
  found.set(
    'catalog, 100 from the middle',
    await time(count / 5, () => client.expect(200, 'GET', `/v2/_catalog?n=100&last=${anyRepository()}`)),
  );
  const images = pace.quick ? 60 : 300;
  found.set(
    'push of a small image',
    await time(images, (index) => client.pushImage(anyRepository(), `pushed-${index}`)),
  );
  found.set('tag moved', await time(images, (index) => moveTag(rival, anyRepository(), size, index)));
  found.set('tag deleted', await time(images, (index) => deleteTag(rival, index)));
  return found;
}

const moved: string[] = [];

async function moveTag({ client }: Rival, repository: string, size: SeedSize, index: number): Promise<void> {
  const { text } = await client.expect(200, 'GET', `/v2/${repository}/manifests/${seededTag(random(size.tags))}`);
  await client.expect(
    201,
    'PUT',
    `/v2/${repository}/manifests/moved-${index}`,
    { 'content-type': mediaType.image },
    text,
  );
  moved[index] = `/v2/${repository}/manifests/moved-${index}`;
}

async function deleteTag({ client }: Rival, index: number): Promise<void> {
  await client.expect(202, 'DELETE', moved[index] ?? '');
}

/** The same operations on stores of very different size. */
export async function measureGrowth(pace: Pace): Promise<Section> {
  const results: Map<string, Latency>[] = [];
  const chosen = pace.quick ? sizes.slice(0, 2) : sizes;
  for (const size of chosen) {
    await using folder = await makeTemporaryFolder('growth');
    await using server = await ServerProcess.start({ data: folder.path });
    await server.stop();
    const from = performance.now();
    seedStore(folder.path, size);
    pace.log(`seeded ${size.repositories * size.tags} tags in ${((performance.now() - from) / 1000).toFixed(1)} s`);
    await server.start();
    const rival = rivalOf(server);
    const rounds: Map<string, Latency>[] = [];
    for (let round = 0; round < Math.max(3, pace.rounds); round++) rounds.push(await measureSize(rival, size, pace));
    results.push(middle(rounds));
    pace.log(`  measured: ${[...middle(rounds)].map(([what, { p99 }]) => `${what} ${readable(p99)}`).join(', ')}`);
    rival.client[Symbol.dispose]();
    await server.stop();
  }
  const number = (value: number): string => value.toLocaleString('en-US');
  const heads = chosen.map((size) => `${number(size.repositories * size.tags)} tags in ${number(size.repositories)}`);
  const rows = [...(results[0]?.keys() ?? [])].map((what) => {
    const latencies = results.map((result) => result.get(what) ?? { p50: Number.NaN, p99: Number.NaN });
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
    note: 'Milliseconds, half of the requests / 99 of 100, four at a time over the whole store. The last column is the growth of the 99th percentile from the smallest to the largest store; the aim is at most 1.5×.',
    rows: [],
    table: makeTable(['', ...heads, 'p99 grows'], rows),
  };
}
