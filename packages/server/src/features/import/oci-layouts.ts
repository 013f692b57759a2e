import fs from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Descriptor, parseDescriptor } from '@entrepot/oci/descriptor';
import { type Digest, digestAlgorithm, digestHex } from '@entrepot/oci/digest';
import { ManifestError } from '@entrepot/oci/manifest-error';
import { isRepositoryName } from '@entrepot/oci/repository-name';
import { parseStrictJson, StrictJsonError } from '@entrepot/oci/strict-json';
import { isTagName, type TagName } from '@entrepot/oci/tag';
import { RegistryError } from '#kernel/errors';
import { isFault } from './fault.ts';
import { createSafeFolder, type SafeFolder } from './safe-folder.ts';
import type { ImageSource, Skipped, SourceRepository, SourceTag } from './types.ts';

const nameAnnotation = 'org.opencontainers.image.ref.name';

/** An index.json of a mirror may list very many images. */
const largestIndex = 256 * 1024 * 1024;
const deepest = 32;

/**
 * Opens an OCI layout, or a folder with layouts in it. `name` is the repository of the one, and what the names of the
 * others go under; a folder's own name where it is undefined. Fails with `body-invalid` when there is no layout.
 * @see https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
export function openOciLayouts(path: string, name: string | undefined): ImageSource {
  const root = resolve(path);
  const found = [...findLayouts(root)];
  if (found.length === 0) {
    throw new RegistryError('body-invalid', `${path} is no OCI layout, and there is none in it: no file oci-layout.`);
  }
  const nameOf = (parts: readonly string[]) =>
    [...(name === undefined ? (parts.length === 0 ? [basename(root)] : []) : [name]), ...parts].join('/');
  return {
    description: `oci-layout ${path}`,
    *repositories(wanted) {
      for (const parts of found) {
        if (!wanted(nameOf(parts))) continue;
        yield readLayout(createSafeFolder(fs.realpathSync(join(root, ...parts))), nameOf(parts));
      }
    },
  };
}

function* findLayouts(root: string): Generator<readonly string[]> {
  const folder = createSafeFolder(root);
  const open: string[][] = [[]];
  for (let parts = open.pop(); parts !== undefined; parts = open.pop()) {
    const entries = folder.list(parts);
    if (isFault(entries)) continue;
    if (entries.some(({ name, kind }) => name === 'oci-layout' && kind === 'file')) {
      yield parts;
      continue;
    }
    if (parts.length === deepest) continue;
    const way = parts;
    const below = entries.filter(({ kind }) => kind === 'folder').map(({ name }) => [...way, name]);
    open.push(...below.reverse());
  }
}

function readLayout(folder: SafeFolder, name: string): SourceRepository {
  const skipped: Skipped[] = [];
  const manifests = new Map<Digest, number>();
  const tags: SourceTag[] = [];
  const file = folder.read(['index.json'], largestIndex) ?? {
    reason: 'index-invalid' as const,
    message: `${name} has no index.json.`,
  };
  const repository = JSON.stringify(name) === `"${name}"` ? name : JSON.stringify(name);
  if (isFault(file)) skipped.push({ repository, reference: 'index.json', ...file });
  else if (!isRepositoryName(name)) {
    const message = `${JSON.stringify(name.slice(0, 300))} is no name of a repository: give one behind the folder.`;
    skipped.push({ repository, reference: '', reason: 'name-invalid', message });
  } else {
    try {
      for (const descriptor of readIndex(file.content)) {
        manifests.set(descriptor.digest, file.at);
        const given = descriptor.annotations?.[nameAnnotation];
        const tag = given === undefined ? undefined : tagOf(given);
        if (tag !== undefined) tags.push({ name: tag, digest: descriptor.digest, at: file.at });
        else if (given !== undefined) {
          const message = `${JSON.stringify(given.slice(0, 200))} has no tag in it; the image is taken by its digest.`;
          skipped.push({ repository, reference: descriptor.digest, reason: 'tag-invalid', message });
        }
      }
    } catch (error) {
      if (!(error instanceof ManifestError || error instanceof StrictJsonError)) throw error;
      skipped.push({ repository, reference: 'index.json', reason: 'index-invalid', message: `${error.message}.` });
    }
  }
  return {
    name,
    manifests,
    tags,
    reachesUnlisted: true,
    wantsUntagged: true,
    skipped,
    blobs: { folder, pathOf: (digest) => ['blobs', digestAlgorithm(digest), digestHex(digest)] },
  };
}

function readIndex(content: Buffer): Descriptor[] {
  const document = parseStrictJson(content.toString('utf8')) as { manifests?: unknown } | null;
  const entries = typeof document === 'object' && document !== null ? document.manifests : undefined;
  if (!Array.isArray(entries)) throw new ManifestError('shape', 'index.json has no list of manifests');
  return entries.map((entry, at) => parseDescriptor(entry, `manifests[${at}]`));
}

/** `v1`, or what stands behind the last colon of `docker.io/library/alpine:3`. */
function tagOf(name: string): TagName | undefined {
  const tag = name.slice(name.lastIndexOf(':') + 1);
  return isTagName(tag) ? tag : undefined;
}
