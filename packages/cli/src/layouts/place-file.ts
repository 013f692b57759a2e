import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

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
    for await (const chunk of bytes) {
      await writeAll(handle, chunk);
    }
    options.check?.();
    await handle.sync();
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function writeAll(handle: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    at += (await handle.write(chunk, at)).bytesWritten;
  }
}
