import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestAlgorithm, digestHex, parseDigest } from '@entrepot/oci/digest';
import { RegistryError } from '#kernel/errors';
import type { BlobLocation, BlobStore } from '#platform/blobs';
import { BackupUnusable } from './backup-unusable.ts';
import { blobObject, readBlob } from './blob-objects.ts';
import { eachInParallel } from './in-parallel.ts';
import type { Place } from './place.ts';
import type { ListedBlob, MissingBlob, Report } from './types.ts';

const atOnce = 16;

export interface RestoredBlobs {
  /** There already, in their size. */
  readonly kept: number;
  readonly linked: number;
  readonly copied: number;
  readonly copiedBytes: number;
  readonly missing: readonly MissingBlob[];
}

/** Where blobs are put. */
export interface BlobTarget {
  /** Whether the bytes lie where the database says, in their size. */
  isThere(blob: ListedBlob): Promise<boolean>;
  /** Puts them there, or elsewhere, and answers where. */
  put(blob: ListedBlob): Promise<{ readonly location: string; readonly how: 'linked' | 'copied' }>;
  /** Makes everything safe. */
  finish(): Promise<void>;
}

export interface RestoreBlobsOptions {
  readonly target: BlobTarget;
  /** In the restored database, many at a time. */
  readonly blobs: AsyncIterable<readonly ListedBlob[]>;
  readonly total: number;
  /** Told of blobs that had to be put elsewhere than the database says. */
  readonly onMoved: (moved: readonly ListedBlob[]) => Promise<void>;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
}

/** Brings back what is not there. What the backup does not have either is told, and is no failure of the others. */
export async function restoreBlobs(options: RestoreBlobsOptions): Promise<RestoredBlobs> {
  const { target, signal, report, total } = options;
  const missing: MissingBlob[] = [];
  const tally = { kept: 0, linked: 0, copied: 0, copiedBytes: 0 };
  let done = 0;

  async function one(blob: ListedBlob, moved: ListedBlob[]): Promise<void> {
    signal?.throwIfAborted();
    try {
      if (await target.isThere(blob)) tally.kept += 1;
      else {
        const { location, how } = await target.put(blob);
        tally[how] += 1;
        if (how === 'copied') tally.copiedBytes += blob.size;
        if (location !== blob.location) moved.push({ ...blob, location });
      }
    } catch (error) {
      missing.push({ digest: blob.digest, why: whyMissing(error) });
    }
    done += 1;
    report({ doing: 'blobs', done, total, bytes: tally.copiedBytes });
  }

  for await (const blobs of options.blobs) {
    const moved: ListedBlob[] = [];
    await eachInParallel(blobs, atOnce, (blob) => one(blob, moved));
    if (moved.length > 0) await options.onMoved(moved);
  }
  await target.finish();
  return { ...tally, missing };
}

function whyMissing(error: unknown): string {
  if (error instanceof BackupUnusable) return error.message;
  const code = error instanceof RegistryError ? error.code : undefined;
  if (code === 'object-not-found' || code === 'blob-not-found') return 'It is not in the backup.';
  throw error;
}

const fileLocation = /^(sha256|sha512)\/[0-9a-f]{2}\/[0-9a-f]+\.[0-9a-f]{16}$/;

/** Into a folder of files as a filesystem store has them, or into a store of whatever kind. */
export function createBlobTarget(
  place: Place,
  into: { readonly kind: 'folder'; readonly root: string } | { readonly kind: 'store'; readonly store: BlobStore },
): BlobTarget {
  return into.kind === 'folder' ? intoFolder(place, into.root) : intoStore(place, into.store);
}

/** At the locations the database names, by hard links where that can be. */
function intoFolder(place: Place, root: string): BlobTarget {
  const folders = new Set<string>();
  let canLink = place.key === undefined && place.folder.pathOf !== undefined;

  async function linkFrom(blob: ListedBlob, path: string): Promise<boolean> {
    const from = canLink ? place.folder.pathOf?.(blobObject(place, parseDigest(blob.digest))) : undefined;
    if (from === undefined) return false;
    const found = await stat(from).catch(() => undefined);
    if (found === undefined) throw new BackupUnusable('It is not in the backup.');
    if (found.size !== blob.size) {
      throw new BackupUnusable(`It has ${found.size} bytes instead of ${blob.size} in the backup.`);
    }
    try {
      await link(from, path);
      return true;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'EEXIST') {
        await unlink(path);
        return linkFrom(blob, path);
      }
      // Another file system, or one without links, or a file that is not ours.
      if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK', 'ENOSYS'].includes(code ?? '')) throw error;
      if (code !== 'EMLINK') canLink = false;
      return false;
    }
  }

  async function copyFrom(blob: ListedBlob, path: string): Promise<void> {
    const draft = `${path}.${randomBytes(4).toString('hex')}.restoring`;
    try {
      await using file = await open(draft, 'wx', 0o640);
      for await (const chunk of readBlob(place, blob)) await file.writeFile(chunk);
      await file.sync();
      await rename(draft, path);
    } catch (error) {
      await unlink(draft).catch(() => undefined);
      throw error;
    }
  }

  return {
    async isThere(blob) {
      if (!fileLocation.test(blob.location)) return false;
      const found = await stat(join(root, blob.location)).catch(() => undefined);
      return found?.size === blob.size;
    },

    async put(blob) {
      const location = fileLocation.test(blob.location) ? blob.location : fileLocationOf(blob.digest);
      const path = join(root, location);
      if (!folders.has(dirname(path))) {
        await mkdir(dirname(path), { recursive: true, mode: 0o750 });
        folders.add(dirname(path));
      }
      if (await linkFrom(blob, path)) return { location, how: 'linked' };
      await copyFrom(blob, path);
      return { location, how: 'copied' };
    },

    async finish() {
      for (const path of folders) {
        await using folder = await open(path, 'r');
        await folder.sync();
      }
    },
  };
}

/** For a blob that lay in a store of another kind. */
function fileLocationOf(digest: string): string {
  const parsed = parseDigest(digest);
  const hex = digestHex(parsed);
  return `${digestAlgorithm(parsed)}/${hex.slice(0, 2)}/${hex}.${randomBytes(8).toString('hex')}`;
}

/** Bytes that lie where the database says stay there. */
function intoStore(place: Place, store: BlobStore): BlobTarget {
  const isThere = async ({ location, size }: ListedBlob) => {
    try {
      return (await store.stat(location as BlobLocation))?.size === size;
    } catch (error) {
      // A location of another kind of store.
      if (error instanceof RegistryError && error.code === 'storage-failed') return false;
      throw error;
    }
  };
  return {
    isThere,
    async put(blob) {
      const id = randomBytes(16).toString('hex');
      let state = await store.create(id);
      try {
        const appended = await store.append(id, state, 0, readBlob(place, blob), () => undefined);
        state = appended.state;
        if (appended.failure !== undefined) throw appended.failure;
        const digest = parseDigest(blob.digest);
        const location = await store.commit(id, state, { digest, size: blob.size, verified: true });
        return { location, how: 'copied' };
      } catch (error) {
        await store.cancel(id, state).catch(() => undefined);
        throw error;
      }
    },
    finish: async () => undefined,
  };
}
