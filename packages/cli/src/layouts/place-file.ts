import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

// Small writes cost more in getting to the disk than in being there.
const batchSize = 1024 * 1024;

/** Writes in large pieces, one of them while the next is gathered. Rejects with what the source or the system throws. */
async function writeBatches(
  handle: FileHandle,
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  let writing = Promise.resolve();
  let batch: Uint8Array[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    await writing;
    const whole = Buffer.concat(batch);
    batch = [];
    size = 0;
    writing = handle.writeFile(whole);
    // Its failure is the next flush's, or the end's.
    writing.catch(() => {});
  };
  try {
    for await (const chunk of bytes) {
      batch.push(chunk);
      size += chunk.length;
      if (size >= batchSize) {
        await flush();
      }
    }
    await flush();
  } finally {
    await writing;
  }
}

/**
 * Writes a file under its final name in one step: others see the old one or the new one, never half of it, and a
 * failure leaves the old one. `check` runs on what was written, before anybody sees it. Rejects with what the source
 * or `check` throws, and with the system's errors.
 */
export async function placeFile(
  path: string,
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: { readonly folder?: string; readonly check?: () => void } = {},
): Promise<void> {
  const partial = join(options.folder ?? dirname(path), `.partial-${randomBytes(8).toString('hex')}`);
  try {
    await using handle = await open(partial, 'wx', 0o644);
    await writeBatches(handle, bytes);
    options.check?.();
    await handle.sync();
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
