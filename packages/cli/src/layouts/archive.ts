import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalFileError, MissingError } from '#src/failures/failures';
import { decompress, detectCompression } from './compression.ts';
import { placeFile } from './place-file.ts';
import { makeScratch } from './scratch.ts';
import { readTarIndex, type TarFile } from './tar-index.ts';

/** A tar archive, open to read any of its files. Dispose it when done. */
export interface Archive extends AsyncDisposable {
  readonly place: string;
  find(path: string): TarFile | undefined;
  /** The bytes of a file from `offset` on. */
  open(file: TarFile, offset?: number): AsyncIterable<Uint8Array>;
  /** A small file as text. Rejects with LocalFileError when it is not there or too large. */
  readText(path: string): Promise<string>;
}

const chunkSize = 1024 * 1024;
const largestText = 16 * 1024 * 1024;

async function openPlain(path: string, stack: AsyncDisposableStack) {
  try {
    return stack.use(await open(path, 'r'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new MissingError(`${path} does not exist`, undefined, { cause });
    }
    throw cause;
  }
}

/**
 * Opens a tar archive, compressed by gzip or zstd or not at all. A compressed one is unpacked into the temporary folder
 * first, because its files are read in any order. Rejects with MissingError, or with LocalFileError when it is none.
 */
export async function openArchive(path: string, place: string): Promise<Archive> {
  await using stack = new AsyncDisposableStack();
  let handle = await openPlain(path, stack);
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
  const compression = detectCompression(buffer.subarray(0, bytesRead));
  if (compression !== 'none') {
    const scratch = stack.use(await makeScratch());
    const unpacked = join(scratch.path, 'archive.tar');
    await placeFile(unpacked, decompress(handle.createReadStream({ start: 0, autoClose: false }), compression));
    handle = await openPlain(unpacked, stack);
  }
  const index = await readTarIndex(handle, place);
  const owned = stack.move();

  async function* readFrom({ offset: start, size }: TarFile, from = 0): AsyncGenerator<Uint8Array> {
    for (let at = from; at < size; ) {
      const wanted = Math.min(chunkSize, size - at);
      const { bytesRead: got, buffer: bytes } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, start + at);
      if (got === 0) {
        throw new LocalFileError(`${place} was cut off while it was read`);
      }
      yield bytes.subarray(0, got);
      at += got;
    }
  }

  return {
    place,
    find: (name) => index.get(name),
    open: readFrom,
    readText: async (name) => {
      const file = index.get(name);
      if (file === undefined || file.size > largestText) {
        throw new LocalFileError(`${place} has ${file === undefined ? 'no' : 'too large a'} ${name}`);
      }
      return Buffer.concat(await Array.fromAsync(readFrom(file))).toString('utf8');
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
