import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobLocation } from '#platform/blobs';
import { RegistryError } from '#kernel/errors';
import { type Digest, digestAlgorithm, digestHex } from '@entrepot/oci/digest';
import { isAbsent, storageError, systemCode } from './storage-error.ts';

const locationPattern =
  /^(?:sha256\/([0-9a-f]{2})\/\1[0-9a-f]{62}|sha512\/([0-9a-f]{2})\/\2[0-9a-f]{126})\.[0-9a-f]{16}$/;
const uploadPattern = /^[0-9a-f]{2}[0-9A-Za-z_-]{0,126}$/;
const markerName = 'layout';
const markerText = 'entrepot blobs 1\n';
const trees = ['sha256', 'sha512', 'uploads'] as const;

/** A new location for a digest: its shard folder, and a name with a generation that no other upload has. */
export function newLocation(digest: Digest): BlobLocation {
  const hex = digestHex(digest);
  return `${digestAlgorithm(digest)}/${hex.slice(0, 2)}/${hex}.${randomBytes(8).toString('hex')}` as BlobLocation;
}

/**
 * The file of a location. Throws `storage-failed` for a text that this store never made, so that a tampered database
 * cannot name a file outside of it.
 */
export function blobPath(root: string, location: BlobLocation): string {
  if (!locationPattern.test(location)) {
    throw new RegistryError('storage-failed', 'The recorded location of the blob is not one of this store.', {
      detail: { location: location.slice(0, 200) },
    });
  }
  return join(root, location);
}

/** A path under the root as a location; undefined for a file that this store never made. */
export function locationOf(path: string): BlobLocation | undefined {
  return locationPattern.test(path) ? (path as BlobLocation) : undefined;
}

/** The file that a staged upload grows in. Throws `upload-not-found` for an id that cannot be a file name. */
export function stagePath(root: string, id: string): string {
  if (!uploadPattern.test(id)) {
    throw new RegistryError('upload-not-found', 'The upload id must begin with two hex digits and name no path.');
  }
  return join(root, 'uploads', id.slice(0, 2), id);
}

/**
 * Makes the shard folders once and leaves a marker, so that a later start checks one file and walks nothing.
 * Rejects with `storage-failed` when the folder cannot be used or was laid out by another version.
 */
export async function ensureLayout(root: string): Promise<void> {
  try {
    if ((await readMarker(root)) === markerText) {
      return;
    }
    const changed = makeFolder(root);
    for (const tree of trees) {
      makeShards(join(root, tree));
      await syncFolder(join(root, tree));
    }
    await writeMarker(root);
    for (const folder of changed) {
      await syncFolder(folder);
    }
  } catch (error) {
    throw storageError(error, 'Preparing the blob store');
  }
}

/**
 * Makes a folder and those above it; returns the folders that got a new entry. Node's own recursive mode is not used: it
 * never returns where a folder cannot be made although the one above it exists, as under /proc.
 */
function makeFolder(path: string): string[] {
  try {
    mkdirSync(path, { mode: 0o750 });
    return [dirname(path)];
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') {
      return [];
    }
    if (code !== 'ENOENT' || dirname(path) === path) {
      throw error;
    }
  }
  const changed = makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o750 });
  return [dirname(path), ...changed];
}

/** Synchronous, because it happens once in the life of a store and takes half of the time that way. */
function makeShards(tree: string): void {
  makeFolder(tree);
  for (let shard = 0; shard < 256; shard++) {
    makeFolder(join(tree, shard.toString(16).padStart(2, '0')));
  }
}

async function readMarker(root: string): Promise<string | undefined> {
  try {
    const text = await readFile(join(root, markerName), 'utf8');
    if (text !== markerText) {
      throw new RegistryError('storage-failed', 'The blob folder was laid out by another version of Entrepot.');
    }
    return text;
  } catch (error) {
    if (isAbsent(error)) {
      return undefined;
    }
    throw error;
  }
}

async function writeMarker(root: string): Promise<void> {
  const draft = join(root, `${markerName}.${randomBytes(8).toString('hex')}`);
  try {
    const file = await open(draft, 'wx', 0o640);
    try {
      await file.writeFile(markerText);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, join(root, markerName));
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
  await syncFolder(root);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
