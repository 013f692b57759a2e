import { randomBytes } from 'node:crypto';
import { readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BlobAdopter, BlobLocation, BlobStore, StageState } from '#platform/blobs';
import type { BlobWalker } from '#platform/blobs/capabilities';
import { RegistryError } from '#kernel/errors';
import { adoptFile, syncFoldersOf } from './adopt-file.ts';
import { appendToFile } from './append-file.ts';
import { commitFile } from './commit-file.ts';
import { type FileOperations, nodeFileOperations } from './file-operations.ts';
import { blobPath, ensureLayout, newLocation, stagePath } from './layout.ts';
import { createFileReaders } from './read-file.ts';
import { isAbsent, storageError } from './storage-error.ts';
import { walkFiles } from './walk-files.ts';

export interface FilesystemBlobsOptions {
  /** The folder that belongs to the store alone. It is made when missing; its parent should be. */
  readonly root: string;
  /** For tests: the calls that write, sync and rename. */
  readonly files?: FileOperations;
}

/** The file itself knows how far it got, so nothing has to be remembered between requests. */
const stageState: StageState = '{}';

/**
 * Keeps blobs as files under one folder: `sha256/<2 hex>/<hex>.<generation>`, staged uploads under `uploads/`.
 * Several processes may use the same folder. Upload ids begin with two lowercase hex digits.
 * An append at an offset that the file does not reach rejects with `upload-invalid`: the upload is to be started again.
 * Rejects with `storage-failed` when the folder cannot be prepared.
 */
export async function createFilesystemBlobs(
  options: FilesystemBlobsOptions,
): Promise<BlobStore & BlobAdopter & BlobWalker> {
  const root = resolve(options.root);
  const files = options.files ?? nodeFileOperations;
  const readers = createFileReaders();
  await ensureLayout(root);

  async function remove(path: string, doing: string): Promise<void> {
    try {
      await unlink(path);
    } catch (error) {
      if (!isAbsent(error)) {
        throw storageError(error, doing);
      }
    }
  }

  return {
    description: `filesystem ${root}`,

    async stat(location: BlobLocation) {
      const path = blobPath(root, location);
      try {
        const { size } = await stat(path);
        return { size };
      } catch (error) {
        if (isAbsent(error)) {
          return undefined;
        }
        throw storageError(error, 'Looking for a blob');
      }
    },

    async open(location, range) {
      return readers.open(blobPath(root, location), range);
    },

    async create(id) {
      stagePath(root, id);
      return stageState;
    },

    async append(id, _state, offset, source, onChunk) {
      const appended = await appendToFile(files, { path: stagePath(root, id), offset, source, onChunk });
      return { state: stageState, ...appended };
    },

    async commit(id, _state, request) {
      const location = newLocation(request.digest);
      await commitFile(files, { stage: stagePath(root, id), target: blobPath(root, location) }, request);
      return location;
    },

    async cancel(id) {
      await remove(stagePath(root, id), 'Dropping an upload');
    },

    reserve: newLocation,
    adopt: (location, file, how) => adoptFile(root, location, file, how),
    settle: (locations) => syncFoldersOf(root, locations),

    walk: () => walkFiles(root),

    async delete(location) {
      await remove(blobPath(root, location), 'Deleting a blob');
    },

    async probe() {
      const bytes = randomBytes(64);
      const path = join(root, 'uploads', `probe-${randomBytes(8).toString('hex')}`);
      try {
        await writeFile(path, bytes, { flush: true, flag: 'wx', mode: 0o640 });
        if (!(await readFile(path)).equals(bytes)) {
          throw new RegistryError('storage-failed', 'The blob store returned other bytes than were written.');
        }
      } catch (error) {
        throw storageError(error, 'Probing the blob store');
      } finally {
        await unlink(path).catch(() => undefined);
      }
    },

    async [Symbol.asyncDispose]() {},
  };
}
