import { ServerProcess } from '#support/server-process';
import { makeTemporaryFolder } from '#support/temporary-folder';
import type { Pace } from './pace.ts';
import { makeTable, type Section } from './report.ts';
import { type Rival, rivalOf } from './rivals.ts';
import { addListedArtifacts, largeRepository, seedStore } from './seed.ts';
import { median, percentile, readable } from './statistics.ts';

const pages = [1, 25, 50, 75, 100];
const pageSize = 100;
const tags = 100 * pageSize;

/** What a list is asked for beside its page. */
const questions: Readonly<Record<string, string>> = {
  'newest first': '',
  'newest first, with tags, labels and accessories': 'with_tag=true&with_label=true&with_accessory=true',
  'oldest first': 'sort=push_time',
  'largest first': 'sort=-size',
  'last pulled first': 'sort=-pull_time',
  'tagged, newest first': 'q=tags%3D*',
};

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** Times some requests for one page, so many at a time. */
async function time(rival: Rival, path: string, count: number, atOnce: number): Promise<Latency> {
  const times: number[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (; next < count; ) {
        next += 1;
        const from = performance.now();
        const { text } = await rival.client.expect(200, 'GET', path);
        times.push(performance.now() - from);
        if (!text.startsWith('[{')) throw new Error(`${path} answered with ${text.slice(0, 200)}`);
      }
    }),
  );
  return { p50: median(times), p99: percentile(times, 0.99) };
}

/** The list of artifacts of one large repository among very many others, from its first page to its last. */
export async function measureArtifacts(pace: Pace): Promise<Section> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeTemporaryFolder('artifacts'));
  const server = stack.use(await ServerProcess.start({ data: folder.path }));
  await server.stop();
  const others = pace.quick ? 10_000 : 990_000;
  const from = performance.now();
  seedStore(folder.path, { repositories: 0, tags: 0, large: tags });
  addListedArtifacts(folder.path, others);
  pace.log(`seeded ${others + tags} artifacts in ${((performance.now() - from) / 1000).toFixed(1)} s`);
  await server.start();
  const rival = rivalOf(server);
  stack.defer(() => rival.client[Symbol.dispose]());

  const [project = '', name = ''] = largeRepository.split('/');
  const base = `/api/v2.0/projects/${project}/repositories/${name}/artifacts?page_size=${pageSize}`;
  const pathOf = (question: string, page: number) => `${base}&page=${page}&${question}`;
  const count = pace.quick ? 50 : 100;
  const rounds = Math.max(3, pace.rounds);
  const seen = new Map<string, Latency[]>();
  const keep = (key: string, latency: Latency) => seen.set(key, [...(seen.get(key) ?? []), latency]);
  for (const question of Object.values(questions)) await time(rival, pathOf(question, 1), 20, 1);
  for (let round = 0; round < rounds; round++) {
    for (const [what, question] of Object.entries(questions)) {
      for (const page of pages) keep(`${what}/${page}`, await time(rival, pathOf(question, page), count, 1));
    }
    pace.log(`round ${round + 1} done`);
  }
  const middle = (key: string): Latency => {
    const all = seen.get(key) ?? [];
    return { p50: median(all.map(({ p50 }) => p50)), p99: median(all.map(({ p99 }) => p99)) };
  };
  const number = (value: number): string => value.toLocaleString('en-US');
  const rows = Object.keys(questions).map((what) => {
    const latencies = pages.map((page) => middle(`${what}/${page}`));
    const worst = Math.max(...latencies.map(({ p99 }) => p99));
    return [what, ...latencies.map(({ p50, p99 }) => `${readable(p50)} / ${readable(p99)}`), readable(worst)];
  });
  return {
    name: 'artifacts',
    title: 'Artifact list of a large repository',
    note: `Milliseconds for one page of ${pageSize} of a repository with ${number(tags)} artifacts, each with a tag, among ${number(others + tags)} in the database; half of the requests / 99 of 100, one at a time, medians of ${rounds} rounds. The aim is a 99th percentile of at most 30 ms on every page.`,
    rows: [],
    table: makeTable(['', ...pages.map((page) => `page ${page}`), 'worst p99'], rows),
  };
}
