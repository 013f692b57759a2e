import { constants } from 'node:fs';
import { RegistryError } from '#kernel/errors';
import type { FileOperations } from './file-operations.ts';
import { createFileWriter } from './file-writer.ts';
import { isAbsent, storageError } from './storage-error.ts';

/** The bytes of one append and where they go. */
export interface FileAppend {
  readonly path: string;
  readonly offset: number;
  readonly source: AsyncIterable<Uint8Array>;
  readonly onChunk: (chunk: Uint8Array) => void;
}

const doing = 'Writing an upload';

/**
 * Appends a source to a staged file, made when it begins at 0. A source that ends early keeps its bytes and returns the
 * reason; bytes that cannot be kept reject the whole append and are cut off again. A failed sync drops the file.
 */
export async function appendToFile(
  files: FileOperations,
  { path, offset, source, onChunk }: FileAppend,
): Promise<{ readonly written: number; readonly failure?: unknown }> {
  const fd = openStage(files, path, offset);
  const writer = createFileWriter(files, fd, offset);
  try {
    await cutAt(files, fd, offset);
    let written = 0;
    let failure: unknown;
    let refused: unknown;
    try {
      for await (const chunk of source) {
        onChunk(chunk);
        if (chunk.byteLength > 0) {
          written += chunk.byteLength;
          const wait = writer.push(chunk);
          if (wait !== undefined) {
            await wait.catch((error: unknown) => {
              refused = error;
              throw error;
            });
          }
        }
      }
    } catch (error) {
      if (refused !== undefined) {
        throw storageError(refused, doing);
      }
      failure = error ?? new Error('The source ended without saying why.');
    }
    await writer.finish();
    await files.close(fd);
    return failure === undefined ? { written } : { written, failure };
  } catch (error) {
    await writer.settle();
    await dropFailed(files, fd, path, writer.syncFailed ? 0 : offset);
    throw storageError(error, doing);
  }
}

function openStage(files: FileOperations, path: string, offset: number): number {
  try {
    return files.open(path, constants.O_RDWR | (offset === 0 ? constants.O_CREAT : 0), 0o640);
  } catch (error) {
    if (isAbsent(error) && offset > 0) {
      throw missingBytes(0, offset);
    }
    throw storageError(error, doing);
  }
}

async function cutAt(files: FileOperations, fd: number, offset: number): Promise<void> {
  const size = files.size(fd);
  if (size < offset) {
    throw missingBytes(size, offset);
  }
  if (size > offset) {
    await files.truncate(fd, offset);
  }
}

function missingBytes(kept: number, wanted: number): RegistryError {
  return new RegistryError(
    'upload-invalid',
    `Only ${kept} of the ${wanted} bytes of this upload are still there; start it again.`,
    { detail: { kept, wanted } },
  );
}

/** Best effort: the failure that led here is the one to report, and whoever resumes checks the size again. */
async function dropFailed(files: FileOperations, fd: number, path: string, keep: number): Promise<void> {
  try {
    await (keep === 0 ? files.unlink(path) : files.size(fd) > keep ? files.truncate(fd, keep) : undefined);
  } catch {
    // reported by the failure before
  }
  await files.close(fd).catch(() => undefined);
}
