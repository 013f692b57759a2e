import type { Digest } from '#src/digest';
import { digestOf } from './content-hash.ts';

/** A blob to push. `open` yields its bytes from `offset` on, as often as it is asked. */
export interface BlobSource {
  readonly digest: Digest;
  readonly size: number;
  open(offset: number): AsyncIterable<Uint8Array>;
}

/** A blob that lies in memory. Never fails. */
export function blobFromBytes(bytes: Uint8Array, digest: Digest = digestOf(bytes)): BlobSource {
  return {
    digest,
    size: bytes.length,
    async *open(offset) {
      if (offset < bytes.length) {
        yield bytes.subarray(offset);
      }
    },
  };
}

/** Reads a source part by part. Parts that follow each other share one opening of the source. */
export interface SourceReader {
  /**
   * The bytes from `offset` on. The last piece of the whole source is only yielded once the source ended well, so that
   * a source that finds its bytes to be wrong can still keep them from arriving.
   */
  read(offset: number, size: number): AsyncGenerator<Uint8Array>;
  /** Lets go of the source. */
  close(): void;
}

/** One opening of a source, and how far it was read. */
interface Cursor {
  readonly iterator: AsyncIterator<Uint8Array>;
  position: number;
  /** Bytes that arrived but belong to a later part. */
  rest: Uint8Array;
  /** True while a piece is on its way to a part that may have been abandoned meanwhile. */
  waiting: boolean;
}

async function advance(cursor: Cursor): Promise<Uint8Array | undefined> {
  cursor.waiting = true;
  const piece = await cursor.iterator.next();
  cursor.waiting = false;
  return piece.done === true ? undefined : piece.value;
}

/** Creates the reader of a source. Reading throws what the source throws, and RangeError when its length is wrong. */
export function createSourceReader(source: BlobSource): SourceReader {
  let open: Cursor | undefined;

  function close(): void {
    open?.iterator.return?.()?.catch(() => {});
    open = undefined;
  }

  function openAt(offset: number): Cursor {
    if (open === undefined || open.waiting || open.position !== offset) {
      close();
      const iterator = source.open(offset)[Symbol.asyncIterator]();
      open = { iterator, position: offset, rest: new Uint8Array(), waiting: false };
    }
    return open;
  }

  async function* read(offset: number, size: number): AsyncGenerator<Uint8Array> {
    const cursor = openAt(offset);
    const end = offset + size;
    while (cursor.position < end) {
      const piece = cursor.rest.length > 0 ? cursor.rest : await advance(cursor);
      if (piece === undefined) {
        throw new RangeError(`the source of ${source.digest} ended after ${cursor.position} of ${source.size} bytes`);
      }
      const part = piece.subarray(0, end - cursor.position);
      cursor.rest = piece.subarray(part.length);
      cursor.position += part.length;
      const isLast = cursor.position === source.size;
      if (isLast && (cursor.rest.length > 0 || (await advance(cursor)) !== undefined)) {
        throw new RangeError(`the source of ${source.digest} has more than ${source.size} bytes`);
      }
      yield part;
    }
  }

  return { read, close };
}
