import type { FileOperations } from './file-operations.ts';

/** Collects chunks and writes them in large steps, one step at a time, while the next chunks arrive. */
export interface FileWriter {
  /** Takes a chunk. Returns a promise only when the caller has to wait for the step before. */
  push(chunk: Uint8Array): Promise<void> | undefined;
  /** Writes the rest. A large sum of bytes is on the disk when it resolves, a small one in the kernel's memory. */
  finish(): Promise<void>;
  /** Waits until no call on the file runs any more, whatever became of it. */
  settle(): Promise<void>;
  /** True when a sync failed: the kernel may have dropped the bytes, nothing in the file can be trusted. */
  readonly syncFailed: boolean;
}

/** 256 KiB steps are nearly as fast, beyond 1 MiB nothing is gained; two of them bound the memory of an upload. */
const stepSize = 1024 * 1024;
/** Bounds what tiny chunks cost, each of which may hold a whole receive buffer. */
const stepChunks = 256;
/** Writing back early cut the last sync of 1 GiB from some 400 ms to 20 ms; steps of 16 to 128 MiB do equally well. */
const syncStep = 32 * 1024 * 1024;
/** From here on an append is on the disk when it is acknowledged. Below, a client loses less than a second of sending. */
const syncedAppend = 1024 * 1024;

/** Starts writing at a position of an open file. Failed calls reject `push` or `finish` with the system's error. */
export function createFileWriter(files: FileOperations, fd: number, start: number): FileWriter {
  let chunks: Uint8Array[] = [];
  let size = 0;
  let position = start;
  let syncedTo = start;
  let writing: Promise<void> | undefined;
  let syncing: Promise<void> | undefined;
  let syncFailed = false;

  function sync(): Promise<void> {
    const running = files.fdatasync(fd).catch((error: unknown) => {
      syncFailed = true;
      throw error;
    });
    running.catch(() => undefined);
    return running;
  }

  function syncBehind(): void {
    if (syncing !== undefined || position - syncedTo < syncStep) {
      return;
    }
    syncedTo = position;
    syncing = sync();
    syncing.then(
      () => {
        syncing = undefined;
      },
      () => undefined,
    );
  }

  async function step(): Promise<void> {
    await writing;
    if (syncFailed) {
      await syncing;
    }
    syncBehind();
    const at = position;
    writing = writeFully(files, fd, chunks, size, at);
    writing.catch(() => undefined);
    position += size;
    chunks = [];
    size = 0;
  }

  return {
    push(chunk) {
      chunks.push(chunk);
      size += chunk.byteLength;
      return size >= stepSize || chunks.length >= stepChunks ? step() : undefined;
    },
    async finish() {
      if (size > 0) {
        await step();
      }
      await writing;
      await syncing;
      if (position - start >= syncedAppend) {
        await sync();
      }
    },
    async settle() {
      await Promise.allSettled([writing, syncing]);
    },
    get syncFailed() {
      return syncFailed;
    },
  };
}

/**
 * Writes all the chunks. A full disk shows first as a short count and only at the next call as an error, so the count is
 * checked and the rest tried again.
 */
async function writeFully(
  files: FileOperations,
  fd: number,
  chunks: readonly Uint8Array[],
  size: number,
  position: number,
): Promise<void> {
  let rest = chunks;
  let done = 0;
  while (done < size) {
    const count = await files.writev(fd, rest, position + done);
    if (count <= 0) {
      throw new Error('The operating system took no byte and gave no reason.');
    }
    done += count;
    if (done < size) {
      rest = withoutFirst(rest, count);
    }
  }
}

function withoutFirst(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count;
  let index = 0;
  for (let chunk = chunks[index]; chunk !== undefined && chunk.byteLength <= skip; chunk = chunks[index]) {
    skip -= chunk.byteLength;
    index++;
  }
  const [first, ...others] = chunks.slice(index);
  return first === undefined ? [] : [first.subarray(skip), ...others];
}
