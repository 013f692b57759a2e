import { startPostgres } from '#support/postgres';
import { ServerProcess } from '#support/server-process';
import type { Pace } from './pace.ts';
import { pushSmallImage } from './pushes.ts';
import { makeTable, type Section } from './report.ts';
import { type Rival, rivalOf, settleDisk } from './rivals.ts';
import { median, readable } from './statistics.ts';

const writers = 8;
const tebibyte = 2 ** 40;

/** A limit so low that every push has the account to itself while it looks, and so high that all still fit. */
const near = 2 ** 28;

async function makeProject({ client }: Rival, name: string, limit: number): Promise<void> {
  const body = JSON.stringify({ project_name: name, storage_limit: limit });
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  await client.expect(201, 'POST', '/api/v2.0/projects', headers, body);
}

/** Pushes so many small images by eight writers, each into a repository that `where` names; answers with images a second. */
async function pushMany(
  rival: Rival,
  images: number,
  round: number,
  where: (writer: number) => string,
): Promise<number> {
  await settleDisk();
  const from = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (; next < images; ) await pushSmallImage(rival, where(writer), `r${round}-${next++}`);
    }),
  );
  return images / ((performance.now() - from) / 1000);
}

async function measureOn(
  database: string,
  env: Readonly<Record<string, string>>,
  pace: Pace,
): Promise<readonly string[]> {
  await using server = await ServerProcess.start({ env });
  const rival = rivalOf(server);
  using _client = rival.client;
  const images = pace.quick ? 80 : 200;
  await makeProject(rival, 'one', tebibyte);
  for (let writer = 0; writer < writers; writer++) await makeProject(rival, `each-${writer}`, tebibyte);
  await makeProject(rival, 'near', near);
  const kinds = {
    one: (writer: number) => `one/small-${writer}`,
    each: (writer: number) => `each-${writer}/small`,
    near: (writer: number) => `near/small-${writer}`,
  };
  const seen = { one: [] as number[], each: [] as number[], near: [] as number[] };
  const names = Object.keys(kinds) as (keyof typeof kinds)[];
  await pushMany(rival, images, -1, kinds.one);
  for (let round = 0; round < pace.rounds; round++) {
    for (const at of names.keys()) {
      const name = names[(round + at) % names.length] as keyof typeof kinds;
      seen[name].push(await pushMany(rival, images, round, kinds[name]));
    }
  }
  const [one, each, close] = [median(seen.one), median(seen.each), median(seen.near)];
  pace.log(
    `quota on ${database}: ${one.toFixed(1)} into one, ${each.toFixed(1)} into eight, ${close.toFixed(1)} near the limit`,
  );
  return [database, readable(one), readable(each), `${readable(one / each)}×`, '≥ 0.9×', readable(close)];
}

/** Eight writers into one project with a limit, against the same into a project each. */
export async function measureQuotas(pace: Pace): Promise<Section> {
  await using postgres = await startPostgres();
  const rows = [
    await measureOn('SQLite', {}, pace),
    await measureOn('PostgreSQL', { ENTREPOT_DATABASE_URL: await postgres.makeDatabase() }, pace),
  ];
  return {
    name: 'quota',
    title: 'Pushes into one project with a limit',
    note: `Small images as above, by ${writers} writers, images a second; every project has a limit. Near the limit each push waits for the one before it to be decided. Medians of ${pace.rounds} rounds, in turn.`,
    rows: [],
    table: makeTable(
      ['', 'into one project', 'into a project each', 'one against each', 'aim', 'one near its limit'],
      rows,
    ),
  };
}
