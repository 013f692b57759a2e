import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, type Descriptor, digestOf, imageManifest, mediaType } from '#support/content';
import { startFakeS3 } from '#support/fake-s3';
import type { Answer } from '#support/http-exchange';
import { startPostgres } from '#support/postgres';
import type { RegistryClient } from '#support/registry-client';
import { ServerProcess } from '#support/server-process';
import { replicaEnvironment, type StackKind } from '#support/stack';
import { type Chance, makeChance } from './random.ts';

export interface SoakOptions {
  readonly stack: StackKind;
  readonly minutes: number;
  readonly writers: number;
  readonly readers: number;
  readonly seed: string;
  readonly report: (line: string) => void;
}

export interface SoakResult {
  readonly pushes: number;
  readonly moves: number;
  readonly deletions: number;
  readonly pulls: number;
  /** Collections that ran, blobs they removed, bytes they gave back. */
  readonly collections: number;
  readonly removed: number;
  readonly freed: number;
  /** What clients were told that they must expect with a grace of a second, by kind. */
  readonly excused: ReadonlyMap<string, number>;
  /** Blobs in the store when everything was deleted and collected. */
  readonly left: number | undefined;
}

/** The shortest grace there is, and a collection every five seconds. */
const drill = { ENTREPOT_GC_GRACE: '1s', ENTREPOT_GC_INTERVAL: '5s' };

interface Image {
  readonly repository: string;
  readonly digest: string;
  readonly text: string;
  readonly blobs: readonly Descriptor[];
  readonly tag: string;
}

/** Images whose push was acknowledged and whose deletion nobody asked for, and where tags point. */
interface Known {
  readonly images: Set<Image>;
  readonly tags: Map<string, Image>;
  readonly excused: Map<string, number>;
  readonly counts: { pushes: number; moves: number; deletions: number; pulls: number };
}

/** Layers that all images share, so that what one deletes another needs. */
const shared: readonly Buffer[] = Array.from({ length: 50 }, (_, index) =>
  makeChance(`layer ${index}`).bytes(2_000 + index * 700),
);

const mostImages = 25;

function refuse(what: string, answer: Answer): never {
  throw new Error(`${what} was answered with ${answer.status}: ${answer.text.slice(0, 500)}`);
}

function excuse({ excused }: Known, kind: string): void {
  excused.set(kind, (excused.get(kind) ?? 0) + 1);
}

/** As docker does: asks first, mounts where it knows somebody who has it, else uploads. */
async function bring(client: RegistryClient, known: Known, chance: Chance, repository: string, bytes: Buffer) {
  const digest = digestOf(bytes);
  const head = await client.send('HEAD', `/v2/${repository}/blobs/${digest}`);
  if (head.status === 200) return;
  if (head.status !== 404) refuse('HEAD of a blob', head);
  const holder = [...known.images].find((image) => image.blobs.some((blob) => blob.digest === digest));
  if (holder !== undefined && chance.between(0, 2) > 0) {
    const path = `/v2/${repository}/blobs/uploads/?mount=${digest}&from=${holder.repository}`;
    const mounted = await client.send('POST', path, { 'content-length': '0' });
    if (mounted.status === 201) return;
    if (mounted.status !== 202) refuse('a mount', mounted);
    const sent = await client.finishUpload(client.locationOf(mounted), digest, bytes, {
      'content-type': mediaType.bytes,
    });
    if (sent.status !== 201) refuse('an upload in place of a mount', sent);
    return;
  }
  await client.pushBlob(repository, bytes);
}

const mostTries = 20;

async function push(client: RegistryClient, known: Known, chance: Chance, repository: string): Promise<void> {
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', nonce: chance.bytes(12).toString('hex') }),
  );
  const layers = Array.from({ length: chance.between(1, 4) }, () => chance.pick(shared) as Buffer);
  if (chance.between(0, 2) === 0) layers.push(chance.bytes(chance.between(100, 200_000)));
  const described = [describe(mediaType.config, config), ...layers.map((layer) => describe(mediaType.layer, layer))];
  const [first, ...rest] = described;
  if (first === undefined) return;
  const text = imageManifest(first, rest);
  const tag = `t${chance.between(0, 9)}`;
  const image: Image = { repository, digest: digestOf(text), text, blobs: described, tag };
  const key = `${repository}:${tag}`;
  for (let tries = 1; ; tries += 1) {
    for (const bytes of [config, ...layers]) await bring(client, known, chance, repository, bytes);
    known.tags.delete(key);
    const answer = await client.putManifest(repository, tag, text, mediaType.image);
    // The administrator may push an image before its layers, and is told which are not there: no loss, but no whole image.
    const sparse = answer.headers('warning').some((text) => text.includes('not in the repository yet'));
    if (answer.status === 201 && !sparse) break;
    if (answer.status === 201) {
      excuse(known, 'images taken with a warning that layers are missing, the grace being over, and completed');
      if (tries < mostTries) continue;
    }
    // A push that takes longer than the grace begins anew, as a client does.
    if (!answer.text.includes('MANIFEST_BLOB_UNKNOWN') || tries === mostTries) refuse('a manifest', answer);
    excuse(known, 'pushes begun anew, the grace of a second being over');
  }
  known.images.add(image);
  known.tags.set(key, image);
  known.counts.pushes += 1;
}

async function remove(client: RegistryClient, known: Known, image: Image): Promise<void> {
  known.images.delete(image);
  for (const [key, target] of known.tags) if (target === image) known.tags.delete(key);
  const answer = await client.send('DELETE', `/v2/${image.repository}/manifests/${image.digest}`);
  if (answer.status !== 202) refuse('a deletion', answer);
  known.counts.deletions += 1;
}

async function moveTag(client: RegistryClient, known: Known, chance: Chance, image: Image): Promise<void> {
  const tag = `t${chance.between(0, 9)}`;
  const key = `${image.repository}:${tag}`;
  known.tags.delete(key);
  const answer = await client.putManifest(image.repository, tag, image.text, mediaType.image);
  if (answer.status !== 201) refuse('a moved tag', answer);
  known.tags.set(key, image);
  known.counts.moves += 1;
}

async function dropTag(client: RegistryClient, known: Known, key: string): Promise<void> {
  const [repository, tag] = key.split(':');
  known.tags.delete(key);
  const answer = await client.send('DELETE', `/v2/${repository}/manifests/${tag}`);
  if (answer.status !== 202) refuse('a deleted tag', answer);
  known.counts.deletions += 1;
}

/** Fails when an acknowledged image is not whole, unless somebody asked for its deletion meanwhile. */
async function pull(client: RegistryClient, known: Known, image: Image): Promise<void> {
  const lost = (what: string): void => {
    if (known.images.has(image)) throw new Error(`${image.repository}@${image.digest}: ${what}`);
  };
  const manifest = await client.send('GET', `/v2/${image.repository}/manifests/${image.digest}`);
  if (manifest.status !== 200) return lost(`the manifest is lost: ${manifest.status}`);
  if (manifest.text !== image.text) throw new Error(`the bytes of ${image.digest} are not its own`);
  for (const { digest, size } of image.blobs) {
    const blob = await client.send('GET', `/v2/${image.repository}/blobs/${digest}`);
    if (blob.status !== 200) return lost(`its blob ${digest} is lost: ${blob.status} ${blob.text.slice(0, 200)}`);
    if (blob.body.length !== size || digestOf(blob.body) !== digest)
      throw new Error(`the bytes of ${digest} are not its own`);
  }
  known.counts.pulls += 1;
}

async function pullByTag(client: RegistryClient, known: Known, key: string, image: Image): Promise<void> {
  const [repository, tag] = key.split(':');
  const answer = await client.send('HEAD', `/v2/${repository}/manifests/${tag}`);
  const digest = answer.header('docker-content-digest');
  if (digest !== image.digest && known.tags.get(key) === image)
    throw new Error(`${key} points at ${digest ?? answer.status}, not at ${image.digest}`);
}

async function write(client: RegistryClient, known: Known, chance: Chance, repository: string): Promise<void> {
  const own = [...known.images].filter((image) => image.repository === repository);
  const what = chance.weighted({ push: 8, move: 3, remove: own.length > mostImages ? 12 : 3, dropTag: 1 });
  const image = chance.pick(own);
  if (what === 'push' || image === undefined) return push(client, known, chance, repository);
  if (what === 'move') return moveTag(client, known, chance, image);
  if (what === 'remove') return remove(client, known, image);
  const key = chance.pick([...known.tags.keys()].filter((one) => one.startsWith(`${repository}:`)));
  if (key !== undefined) await dropTag(client, known, key);
}

async function read(client: RegistryClient, known: Known, chance: Chance): Promise<void> {
  const image = chance.pick([...known.images]);
  if (image === undefined) {
    await delay(20);
    return;
  }
  await pull(client, known, image);
  const tagged = chance.pick([...known.tags]);
  if (tagged !== undefined) await pullByTag(client, known, ...tagged);
}

async function startServers(kind: StackKind, stack: AsyncDisposableStack): Promise<ServerProcess[]> {
  if (kind === 'sqlite-filesystem') return [stack.use(await ServerProcess.start({ env: drill }))];
  const [postgres, s3] = [stack.use(await startPostgres()), stack.use(await startFakeS3())];
  const env = { ...(await replicaEnvironment(postgres)), ...s3.env, ...drill };
  return Promise.all([0, 1].map(async () => stack.use(await ServerProcess.start({ env }))));
}

/** The sum of a figure that each process tells of itself. */
async function figure(servers: readonly ServerProcess[], name: string): Promise<number> {
  let sum = 0;
  for (const server of servers) {
    using client = server.client();
    const { text } = await client.expect(200, 'GET', '/metrics');
    sum += Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
  }
  return sum;
}

async function countCollections(server: ServerProcess): Promise<number> {
  using client = server.client();
  const answer = await client.expect(200, 'GET', '/api/v2.0/system/gc?page_size=1');
  return Number(answer.header('x-total-count') ?? 0);
}

async function countFiles(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}

/** Deletes everything and waits until nothing is left in the store, for a minute at most. Answers how much is. */
async function empty(server: ServerProcess, known: Known): Promise<number> {
  using client = server.client();
  for (const image of [...known.images]) await remove(client, known, image);
  const folder = join(server.data, 'blobs', 'sha256');
  for (let tries = 0; tries < 60; tries += 1) {
    await delay(1000);
    if ((await countFiles(folder)) === 0) return 0;
  }
  return countFiles(folder);
}

/**
 * Writers and readers work on a registry that collects all the time with the shortest grace there is. Rejects at the
 * first acknowledged image that is not whole.
 */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  await using stack = new AsyncDisposableStack();
  const servers = await startServers(options.stack, stack);
  const [first] = servers;
  if (first === undefined) throw new Error('there is no server');
  const known: Known = {
    images: new Set(),
    tags: new Map(),
    excused: new Map(),
    counts: { pushes: 0, moves: 0, deletions: 0, pulls: 0 },
  };
  const end = performance.now() + options.minutes * 60_000;
  let failure: unknown;
  const goesOn = () => failure === undefined && performance.now() < end;
  async function work(name: string, index: number, one: (client: RegistryClient, chance: Chance) => Promise<void>) {
    const chance = makeChance(`${options.seed}/${name}/${index}`);
    using client = (servers[index % servers.length] ?? (first as ServerProcess)).client();
    try {
      while (goesOn()) await one(client, chance);
    } catch (error) {
      failure ??= error;
    }
  }
  const writers = Array.from({ length: options.writers }, (_, index) =>
    work('writer', index, (client, chance) => write(client, known, chance, `library/soak-${index}`)),
  );
  const readers = Array.from({ length: options.readers }, (_, index) =>
    work('reader', index, (client, chance) => read(client, known, chance)),
  );
  const told = setInterval(() => {
    const { pushes, pulls } = known.counts;
    options.report(`${pushes} pushes, ${pulls} pulls, ${known.images.size} images there, none lost`);
  }, 60_000);
  await Promise.all([...writers, ...readers]);
  clearInterval(told);
  if (failure !== undefined) {
    throw new Error(
      `${failure instanceof Error ? failure.message : JSON.stringify(failure)}\n${first.log.slice(-3000)}`,
      {
        cause: failure,
      },
    );
  }
  // Two more collections, and then every image is looked at.
  await delay(11_000);
  for (const server of servers) {
    using client = server.client();
    for (const image of known.images) await pull(client, known, image);
    for (const [key, image] of known.tags) await pullByTag(client, known, key, image);
  }
  const left = options.stack === 'sqlite-filesystem' ? await empty(first, known) : undefined;
  return {
    ...known.counts,
    collections: await countCollections(first),
    removed: await figure(servers, 'entrepot_gc_removed_blobs'),
    freed: await figure(servers, 'entrepot_gc_freed_bytes'),
    excused: known.excused,
    left,
  };
}
