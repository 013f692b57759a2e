import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { dirname } from 'node:path';
import type { CommitRequest } from '#platform/blobs';
import { RegistryError } from '#kernel/errors';
import { digestAlgorithm, digestHex } from '@entrepot/oci/digest';
import type { FileOperations } from './file-operations.ts';
import { isAbsent, storageError } from './storage-error.ts';

const doing = 'Storing a blob';
const hashStep = 1024 * 1024;

/**
 * Turns a staged file into a blob: count, hash where nobody did, sync the file, rename it, sync the folder.
 * The order is what a power loss leaves intact. After a failed sync the bytes are dropped and never synced again,
 * because the kernel marks pages clean that it could not write.
 */
export async function commitFile(
  files: FileOperations,
  { stage, target }: { readonly stage: string; readonly target: string },
  request: CommitRequest,
): Promise<void> {
  const fd = openStage(files, stage, request);
  try {
    const size = files.size(fd);
    if (size !== request.size) {
      throw wrongSize(size, request.size);
    }
    if (!request.verified) {
      await assertDigest(files, fd, request);
    }
    await syncOrDrop(files, fd, stage);
    files.rename(stage, target);
    await syncFolderOrDrop(files, target);
  } catch (error) {
    throw storageError(error, doing);
  } finally {
    closeBehind(files, fd);
  }
}

/** Nothing depends on the close after a sync, and its turn in the thread pool would come after other uploads' syncs. */
function closeBehind(files: FileOperations, fd: number): void {
  files.close(fd).catch(() => undefined);
}

function openStage(files: FileOperations, path: string, request: CommitRequest): number {
  try {
    return files.open(path, constants.O_RDWR | (request.size === 0 ? constants.O_CREAT : 0), 0o640);
  } catch (error) {
    throw isAbsent(error) ? wrongSize(0, request.size) : storageError(error, doing);
  }
}

function wrongSize(staged: number, expected: number): RegistryError {
  return new RegistryError('size-invalid', `The upload has ${staged} bytes; expected ${expected}.`, {
    detail: { staged, expected },
  });
}

async function assertDigest(files: FileOperations, fd: number, request: CommitRequest): Promise<void> {
  const hash = createHash(digestAlgorithm(request.digest));
  let [current, spare] = [Buffer.allocUnsafeSlow(hashStep), Buffer.allocUnsafeSlow(hashStep)];
  let position = 0;
  let count = await files.read(fd, current, position);
  while (count > 0) {
    position += count;
    const reading = files.read(fd, spare, position);
    hash.update(current.subarray(0, count));
    count = await reading;
    [current, spare] = [spare, current];
  }
  if (position !== request.size) {
    throw wrongSize(position, request.size);
  }
  if (hash.digest('hex') !== digestHex(request.digest)) {
    throw new RegistryError('digest-mismatch', `The uploaded bytes are not ${request.digest}.`, {
      detail: { expected: request.digest },
    });
  }
}

async function syncOrDrop(files: FileOperations, fd: number, path: string): Promise<void> {
  try {
    await files.fsync(fd);
  } catch (error) {
    await files.unlink(path).catch(() => undefined);
    throw storageError(error, 'Syncing a blob to the disk');
  }
}

async function syncFolderOrDrop(files: FileOperations, target: string): Promise<void> {
  try {
    const folder = files.open(dirname(target), constants.O_RDONLY);
    try {
      await files.fsync(folder);
    } finally {
      closeBehind(files, folder);
    }
  } catch (error) {
    await files.unlink(target).catch(() => undefined);
    throw storageError(error, 'Syncing the folder of a blob to the disk');
  }
}
