import type { ObjectCalls } from './object-calls.ts';
import { createPartBuffer, type FilledPart } from './part-buffer.ts';
import type { PartMemory } from './part-memory.ts';
import { partSizeAt } from './part-size.ts';
import { partBytes, type Staged, type StoredPart, tailKey } from './stage-state.ts';

/** Cuts a stream of bytes into parts and stores them. */
export interface PartWriter {
  /** Takes a chunk; waits when as many parts are on their way as may be, and when other uploads have all the memory. */
  write(chunk: Uint8Array): Promise<void>;
  /** Stores what is left as the tail and returns what lies in the bucket now. */
  finish(): Promise<Staged>;
  /** Waits for what is on its way, and drops the multipart upload when this writer began it. */
  drop(): Promise<void>;
}

/** Starts writing behind the full parts of a staged upload; its tail is to be written again by the caller. */
export function createPartWriter(
  calls: ObjectCalls,
  staged: Staged,
  rules: { readonly partSize: number; readonly inFlight: () => number; readonly memory: PartMemory },
): PartWriter {
  const { key } = staged;
  const partSize = staged.partSize ?? rules.partSize;
  const parts: (StoredPart | undefined)[] = [...staged.parts];
  const running = new Set<Promise<void>>();
  let position = partBytes(staged);
  let uploadId = staged.uploadId;
  const buffer = createPartBuffer(rules.memory, partSizeAt(partSize, position));
  let failure: { readonly error: unknown } | undefined;

  async function store(index: number, part: FilledPart, id: string): Promise<void> {
    try {
      parts[index] = await calls.putPart(key, id, index + 1, part.bytes);
      part.release();
    } catch (error) {
      failure ??= { error };
      part.release('spoilt');
    }
  }

  async function waitFor(most: number): Promise<void> {
    while (running.size > most) {
      await Promise.race(running);
    }
    if (failure !== undefined) {
      throw failure.error;
    }
  }

  async function storePart(): Promise<void> {
    uploadId ??= await calls.beginUpload(key);
    await waitFor(Math.max(rules.inFlight() - 1, 0));
    const index = parts.length;
    parts.push(undefined);
    position += buffer.size;
    const part = buffer.next(partSizeAt(partSize, position));
    const job = store(index, part, uploadId).finally(() => running.delete(job));
    running.add(job);
    if (rules.inFlight() === 0) {
      await waitFor(0);
    }
  }

  return {
    async write(chunk) {
      for (let at = 0; at < chunk.byteLength; ) {
        at += await buffer.add(chunk.subarray(at));
        if (buffer.isFull) {
          await storePart();
        }
      }
    },

    async finish() {
      const last = buffer.size === 0 ? undefined : buffer.bytes();
      const at = tailKey(key, staged.tails);
      const asObject = last === undefined ? undefined : calls.put(at, last);
      const asPart =
        last === undefined || uploadId === undefined ? undefined : calls.putPart(key, uploadId, parts.length + 1, last);
      await Promise.allSettled([asObject, asPart, ...running]);
      try {
        await waitFor(0);
        await asObject;
        const etag = (await asPart)?.etag;
        return {
          key,
          ...(uploadId === undefined ? {} : { uploadId, partSize }),
          parts: parts.filter((part) => part !== undefined),
          ...(last === undefined
            ? {}
            : { tail: { key: at, size: last.byteLength, ...(etag === undefined ? {} : { etag }) } }),
          tails: staged.tails + (last === undefined ? 0 : 1),
        };
      } catch (error) {
        buffer.release('spoilt');
        await (asObject === undefined ? undefined : calls.delete(at).catch(() => undefined));
        throw error;
      } finally {
        buffer.release();
      }
    },

    async drop() {
      buffer.release();
      await Promise.all(running);
      if (uploadId !== undefined && staged.uploadId === undefined) {
        await calls.abortUpload(key, uploadId).catch(() => undefined);
      }
    },
  };
}
