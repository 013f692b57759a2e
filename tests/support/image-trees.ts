import { createHash } from 'node:crypto';
import { chmod, cp, link, lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, digestOf, imageIndex, mediaType, someBytes } from './content.ts';
import { mustRun } from './program.ts';
import { findProgram, needTools } from './system-tool.ts';

/** Why no images can be made on this machine; undefined when they can. */
export function missingImageTools(): Promise<string | undefined> {
  return needTools(['umoci', 'busybox', 'tar']);
}

/** A small root file system that would run: busybox with its applets, and files of every kind an image can hold. */
export async function makeBusyboxTree(folder: string): Promise<void> {
  const busybox = await findProgram('busybox');
  if (busybox === undefined) throw new Error('busybox is not installed');
  for (const path of ['bin', 'etc', 'tmp', 'empty', 'usr/share/übersetzung'])
    await mkdir(join(folder, path), { recursive: true });
  await chmod(join(folder, 'tmp'), 0o1777);
  await cp(busybox, join(folder, 'bin/busybox'), { dereference: true });
  await chmod(join(folder, 'bin/busybox'), 0o4755);
  for (const applet of ['sh', 'ls', 'cat', 'echo', 'true']) await symlink('busybox', join(folder, 'bin', applet));
  await writeFile(join(folder, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  await writeFile(join(folder, 'etc/only-root'), 'secret\n', { mode: 0o600 });
  await link(join(folder, 'etc/passwd'), join(folder, 'etc/passwd-'));
  await writeFile(join(folder, 'usr/share/übersetzung/日本 🚢.txt'), 'Grüße\n');
  await writeFile(join(folder, 'usr/share/random.bin'), someBytes(300_000));
}

async function describeEntry(path: string): Promise<string> {
  const entry = await lstat(path);
  const mode = (entry.mode & 0o7777).toString(8);
  if (entry.isSymbolicLink()) return `link ${await readlink(path)}`;
  if (entry.isDirectory()) return `folder ${mode}`;
  const digest = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return `file ${mode} ${entry.size} ${digest}`;
}

/** What is in a tree: every path with its kind, mode and content. Two trees are equal when these are. */
export async function readTree(folder: string): Promise<Record<string, string>> {
  const paths = (await readdir(folder, { recursive: true })).toSorted();
  const entries = await Promise.all(
    paths.map(async (path) => [path, await describeEntry(join(folder, path))] as const),
  );
  return Object.fromEntries(entries);
}

/** Makes the layout of an image from a tree, with one layer for each of its two halves. */
export async function makeImageLayout(
  layout: string,
  tag: string,
  tree: string,
  architecture = 'amd64',
): Promise<void> {
  const image = `${layout}:${tag}`;
  if ((await readdir(layout).catch(() => [])).length === 0) await mustRun('umoci', ['init', '--layout', layout]);
  await mustRun('umoci', ['new', '--image', image]);
  const halves = [['--exclude=./usr', '.'], ['./usr']];
  for (const [index, half] of halves.entries()) {
    const archive = `${layout}-${tag}-${index}.tar`;
    await mustRun('tar', [
      '--create',
      `--file=${archive}`,
      '--numeric-owner',
      '--owner=0',
      '--group=0',
      '-C',
      tree,
      ...half,
    ]);
    await mustRun('umoci', ['raw', 'add-layer', '--image', image, archive]);
  }
  await mustRun('umoci', ['config', '--image', image, '--architecture', architecture, '--config.cmd', '/bin/sh']);
}

interface LayoutIndex {
  manifests: {
    mediaType: string;
    digest: string;
    size: number;
    platform?: object;
    annotations?: Record<string, string>;
  }[];
}

const refName = 'org.opencontainers.image.ref.name';

async function readIndex(layout: string): Promise<LayoutIndex> {
  return JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'));
}

/** Puts an index over images of a layout, each named `<tag>-<architecture>`, and calls it by the tag. */
export async function addIndex(layout: string, tag: string, architectures: readonly string[]): Promise<void> {
  const index = await readIndex(layout);
  const children = architectures.map((architecture) => {
    const found = index.manifests.find((one) => one.annotations?.[refName] === `${tag}-${architecture}`);
    if (found === undefined) throw new Error(`${layout} has no ${tag}-${architecture}`);
    const { mediaType: type, digest, size } = found;
    return { mediaType: type, digest, size, platform: { os: 'linux', architecture } };
  });
  const text = imageIndex(children);
  await writeFile(blobPath(layout, digestOf(text)), text);
  index.manifests.push({ ...describe(mediaType.index, text), annotations: { [refName]: tag } });
  await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, ...index }));
}

function blobPath(layout: string, digest: string): string {
  return join(layout, 'blobs', ...digest.split(':'));
}

export function readBlob(layout: string, digest: string): Promise<Buffer> {
  return readFile(blobPath(layout, digest));
}

/** The digest of what a layout calls by a tag; without a tag, of the only thing in it. */
export async function digestInLayout(layout: string, tag?: string): Promise<string> {
  const { manifests } = await readIndex(layout);
  const found = tag === undefined ? manifests[0] : manifests.find((one) => one.annotations?.[refName] === tag);
  if (found === undefined) throw new Error(`${layout} has no ${tag}`);
  return found.digest;
}

/** Every digest that belongs to a manifest or index of a layout, itself included. */
export async function listDigests(layout: string, root: string): Promise<string[]> {
  const manifest = JSON.parse((await readBlob(layout, root)).toString()) as {
    manifests?: { digest: string }[];
    config?: { digest: string };
    layers?: { digest: string }[];
  };
  const children = await Promise.all((manifest.manifests ?? []).map(({ digest }) => listDigests(layout, digest)));
  const blobs = [manifest.config, ...(manifest.layers ?? [])].flatMap((one) => (one === undefined ? [] : [one.digest]));
  return [...new Set([root, ...blobs, ...children.flat()])].toSorted();
}

/** Asserts that a layout holds a manifest or index with all that belongs to it, byte for byte. */
export async function assertSameImage(source: string, copy: string, root: string): Promise<void> {
  for (const digest of await listDigests(source, root)) {
    const [wanted, got] = [await readBlob(source, digest), await readBlob(copy, digest)];
    if (!wanted.equals(got)) throw new Error(`${digest} differs in ${copy}`);
  }
}
