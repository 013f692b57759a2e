import { randomBytes } from 'node:crypto';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, imageManifest, mediaType, someBytes } from '#support/content';
import { startDebianRegistry } from '#support/debian-registry';
import { mustRun } from '#support/program';
import { basicAuthorization, RegistryClient } from '#support/registry-client';
import { repositoryRoot, ServerProcess } from '#support/server-process';
import { makeTemporaryFolder } from '#support/temporary-folder';
import type { Pace } from './pace.ts';
import { makeTable, type Section } from './report.ts';
import { settleDisk } from './rivals.ts';
import { median, readable } from './statistics.ts';

const repositories = 20;
const writers = 8;

/** Images of a config and a layer of their own, and two layers that their repository shares. */
async function fillRegistry(client: RegistryClient, images: number): Promise<void> {
  const shared = new Map<string, ReturnType<typeof describe>[]>();
  for (let at = 0; at < repositories; at++) {
    const layers = [someBytes(200_000), someBytes(50_000)];
    for (const layer of layers) await client.pushBlob(`team/app${at}`, layer);
    shared.set(
      `team/app${at}`,
      layers.map((layer) => describe(mediaType.layer, layer)),
    );
  }
  let next = 0;
  await Promise.all(
    Array.from({ length: writers }, async () => {
      for (; next < images; ) {
        const at = next++;
        const repository = `team/app${at % repositories}`;
        const config = JSON.stringify({ architecture: 'amd64', os: 'linux', nonce: randomBytes(16).toString('hex') });
        const own = someBytes(4000);
        for (const bytes of [config, own]) await client.pushBlob(repository, bytes);
        const layers = [...(shared.get(repository) ?? []), describe(mediaType.layer, own)];
        await client.pushManifest(repository, `v${at}`, imageManifest(describe(mediaType.config, config), layers));
      }
    }),
  );
}

interface Imported {
  readonly seconds: number;
  readonly manifests: { readonly taken: number; readonly present: number };
  readonly skipped: readonly unknown[];
}

async function importInto(data: string, store: string, ...more: string[]): Promise<Imported> {
  const args = ['import', 'docker-registry', store, '--data', data, '--output', 'json', ...more];
  const output = await mustRun(process.execPath, ['packages/cli/src/main.ts', ...args], {
    cwd: repositoryRoot,
    timeout: 900_000,
  });
  return JSON.parse(output) as Imported;
}

/** What `skopeo sync` brings of one repository into a running registry, in manifests a second. */
async function measureSkopeo(origin: string, data: string, tags: number): Promise<number> {
  await using server = await ServerProcess.start({ data });
  using client = new RegistryClient(server.origin, basicAuthorization(server.admin));
  const body = JSON.stringify({ project_name: 'team' });
  await client.expect(201, 'POST', '/api/v2.0/projects', { 'content-type': 'application/json' }, body);
  const { user, password } = server.admin;
  const from = performance.now();
  await mustRun(
    'skopeo',
    [
      ...['sync', '--src', 'docker', '--dest', 'docker', '--src-tls-verify=false', '--dest-tls-verify=false'],
      ...['--dest-creds', `${user}:${password}`, `${new URL(origin).host}/team/app0`, `${server.host}/team`],
    ],
    { timeout: 900_000 },
  );
  return tags / ((performance.now() - from) / 1000);
}

/** Takes over a store that docker-registry wrote, by hard links, each time into an empty registry. */
export async function measureImports(pace: Pace): Promise<Section> {
  const images = pace.quick ? 2000 : 10_000;
  await using folder = await makeTemporaryFolder('import');
  const empty = join(folder.path, 'empty');
  {
    await using server = await ServerProcess.start({ data: empty });
    await server.stop();
  }
  const store = join(folder.path, 'old');
  const fresh: number[] = [];
  const again: number[] = [];
  const trusting: number[] = [];
  const links: number[] = [];
  const synced: number[] = [];
  {
    await using old = await startDebianRegistry(store);
    using client = new RegistryClient(old.origin);
    await fillRegistry(client, images);
    const data = join(folder.path, 'synced');
    await cp(empty, data, { recursive: true });
    synced.push(await measureSkopeo(old.origin, data, images / repositories));
  }
  for (let round = 0; round < pace.rounds; round++) {
    const data = join(folder.path, `data-${round}`);
    const take = async (into: number[], ...more: string[]) => {
      await settleDisk();
      const { seconds, manifests, skipped } = await importInto(data, store, '--link', ...more);
      if (manifests.taken + manifests.present !== images || skipped.length > 0) throw new Error('not all was taken');
      into.push(images / seconds);
    };
    for (const [into, more] of [
      [fresh, []],
      [trusting, ['--trust-digests']],
    ] as const) {
      await cp(empty, data, { recursive: true });
      await take(into, ...more);
      if (into === fresh) await take(again);
      await rm(data, { recursive: true });
    }
    await settleDisk();
    const from = performance.now();
    await mustRun('cp', ['-al', store, data]);
    links.push(images / ((performance.now() - from) / 1000));
    await rm(data, { recursive: true });
    pace.log(`import: ${readable(fresh.at(-1) ?? 0)} manifests/s, again ${readable(again.at(-1) ?? 0)}`);
  }
  const line = (what: string, values: readonly number[], aim = '') => [what, readable(median(values)), aim];
  const table = makeTable(
    ['', 'manifests/s', 'aim'],
    [
      line('every byte hashed', fresh, '≥ 1,000'),
      line('`--trust-digests`', trusting),
      line('again, nothing to do', again),
      line('`cp -al` of the store, for comparison', links),
      line('`skopeo sync` of one repository into the running registry', synced),
    ],
  );
  return {
    name: 'import',
    title: 'Import of a docker-registry store',
    note: `${images.toLocaleString('en-US')} images in ${repositories} repositories, written by docker-registry: two layers shared in each repository, one layer and the config their own. Taken over by hard links into an empty registry on SQLite; the time is that of the report, from the first look at the source to the last commit. Medians of ${pace.rounds} rounds; skopeo once.`,
    rows: [],
    table,
  };
}
