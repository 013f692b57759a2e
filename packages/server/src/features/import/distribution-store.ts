import fs from 'node:fs';
import { join, resolve } from 'node:path';
import { type Digest, digestAlgorithm, digestHex, isDigest } from '@entrepot/oci/digest';
import { isRepositoryName, longestRepositoryName } from '@entrepot/oci/repository-name';
import { isTagName } from '@entrepot/oci/tag';
import { RegistryError } from '#kernel/errors';
import { isFault, type Fault } from './fault.ts';
import { createSafeFolder, type SafeFolder } from './safe-folder.ts';
import type { ImageSource, Skipped, SourceBlobs, SourceRepository, SourceTag } from './types.ts';

/** A digest, and room for a line's end that somebody's script left there. */
const longestLink = 200;

/** From the folder that the configuration names down to the two that count. */
const ways = [['docker', 'registry', 'v2'], ['registry', 'v2'], ['v2'], []];

/**
 * Opens the store that CNCF Distribution (docker-registry) keeps on a file system, of which Harbor's is one.
 * Fails with `body-invalid` when the folder is none.
 * @see https://github.com/distribution/distribution/blob/main/registry/storage/paths.go
 */
export function openDistributionStore(path: string, name: 'docker-registry' | 'harbor'): ImageSource {
  const root = ways.map((way) => join(resolve(path), ...way)).find(isStore);
  if (root === undefined) {
    throw new RegistryError(
      'body-invalid',
      `${path} is no store of docker-registry: there is no docker/registry/v2/repositories in it. Name the folder that is the rootdirectory of the other registry.`,
    );
  }
  // Its own root may lie behind links; nothing in it may.
  const folder = createSafeFolder(fs.realpathSync(root));
  return { description: `${name} ${path}`, repositories: (wanted) => listRepositories(folder, wanted) };
}

const isStore = (root: string) =>
  ['repositories', 'blobs'].every((name) => fs.statSync(join(root, name), { throwIfNoEntry: false })?.isDirectory());

function* listRepositories(folder: SafeFolder, wanted: (name: string) => boolean): Generator<SourceRepository> {
  const open: string[][] = [[]];
  for (let parts = open.pop(); parts !== undefined; parts = open.pop()) {
    const name = parts.join('/');
    const entries = folder.list(['repositories', ...parts]);
    if (isFault(entries)) {
      yield emptyWith(folder, name, entries);
      continue;
    }
    if (wanted(name) && entries.some((entry) => entry.name === '_manifests' && entry.kind !== 'file')) {
      yield readRepository(folder, parts);
    }
    const below: string[][] = [];
    for (const { name: own, kind } of entries) {
      // Names of repositories never begin so: these are what a repository consists of.
      if (own.startsWith('_') || kind === 'file') continue;
      const child = [...parts, own];
      const fault = refuseName(child.join('/'), kind);
      if (fault === undefined) below.push(child);
      else if (wanted(child.join('/'))) yield emptyWith(folder, child.join('/').slice(0, 300), fault);
    }
    open.push(...below.reverse());
  }
}

function refuseName(name: string, kind: string): Fault | undefined {
  const shown = JSON.stringify(name.slice(0, 300));
  if (kind === 'symbolic-link') {
    return { reason: 'symbolic-link', message: `${shown} is a symbolic link, which is not followed.` };
  }
  if (kind === 'folder' && isRepositoryName(name)) return undefined;
  return {
    reason: 'name-invalid',
    message: `${shown} is no name of a repository: up to ${longestRepositoryName} lower-case letters, digits and separators.`,
  };
}

function emptyWith(folder: SafeFolder, name: string, fault: Fault): SourceRepository {
  return {
    name,
    manifests: new Map(),
    tags: [],
    reachesUnlisted: false,
    wantsUntagged: false,
    skipped: [{ repository: name, reference: '', ...fault }],
    blobs: blobsIn(folder),
  };
}

function blobsIn(folder: SafeFolder): SourceBlobs {
  return {
    folder,
    pathOf(digest) {
      const hex = digestHex(digest);
      return ['blobs', digestAlgorithm(digest), hex.slice(0, 2), hex, 'data'];
    },
  };
}

function readRepository(folder: SafeFolder, parts: readonly string[]): SourceRepository {
  const name = parts.join('/');
  const at = ['repositories', ...parts, '_manifests'];
  const skipped: Skipped[] = [];
  const skip = (reference: string, fault: Fault) =>
    skipped.push({ repository: name, reference: reference.slice(0, 300), ...fault });
  return {
    name,
    manifests: readRevisions(folder, [...at, 'revisions'], skip),
    tags: readTags(folder, [...at, 'tags'], skip),
    reachesUnlisted: false,
    wantsUntagged: false,
    skipped,
    blobs: blobsIn(folder),
  };
}

type Skip = (reference: string, fault: Fault) => void;

function entriesOf(folder: SafeFolder, at: readonly string[], skip: Skip) {
  const entries = folder.list(at);
  if (!isFault(entries)) return entries;
  skip('', entries);
  return [];
}

function readRevisions(folder: SafeFolder, at: readonly string[], skip: Skip): Map<Digest, number> {
  const revisions = new Map<Digest, number>();
  for (const { name: algorithm } of entriesOf(folder, at, skip)) {
    for (const { name: hex } of entriesOf(folder, [...at, algorithm], skip)) {
      const digest = `${algorithm}:${hex}`;
      const link = folder.look([...at, algorithm, hex, 'link']);
      // A manifest that was deleted leaves its folder behind. What the link says is what its folder is called.
      if (link === undefined) continue;
      if (isFault(link)) skip(digest, link);
      else if (isDigest(digest)) revisions.set(digest, Number(link.stats.mtimeMs));
      else skip(digest, { reason: 'link-invalid', message: `${JSON.stringify(digest.slice(0, 200))} is no digest.` });
    }
  }
  return revisions;
}

function readTags(folder: SafeFolder, at: readonly string[], skip: Skip): SourceTag[] {
  const tags: SourceTag[] = [];
  for (const { name } of entriesOf(folder, at, skip)) {
    const link = readLink(folder, [...at, name, 'current', 'link']);
    if (link === undefined) continue;
    if (isFault(link)) skip(name, link);
    else if (isTagName(name)) tags.push({ name, ...link });
    else skip(name, { reason: 'tag-invalid', message: `${JSON.stringify(name.slice(0, 200))} is no name of a tag.` });
  }
  return tags;
}

function readLink(folder: SafeFolder, path: readonly string[]): { digest: Digest; at: number } | Fault | undefined {
  const file = folder.read(path, longestLink);
  if (file === undefined || isFault(file)) return file;
  const text = file.content.toString('latin1').trimEnd();
  if (isDigest(text)) return { digest: text, at: file.at };
  return { reason: 'link-invalid', message: `A link names no digest: ${JSON.stringify(text.slice(0, 100))}.` };
}
