import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestAlgorithm, digestHex } from '@entrepot/oci/digest';
import { LocalFileError, MissingError } from '#src/failures/failures';
import { layoutMark, readIndexFile, updateIndexFile } from './index-file.ts';
import type { LayoutReader, LayoutWriter } from './layout.ts';
import { placeFile } from './place-file.ts';
import { verifyBytes } from './verified-bytes.ts';

const blobMegabyte = 1024 * 1024;

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) {
      return undefined;
    }
    throw error;
  }
}

function createReader(folder: string, place: string): LayoutReader {
  const blobPath = (digest: Digest) => join(folder, 'blobs', digestAlgorithm(digest), digestHex(digest));
  return {
    place,
    list: async () => {
      const text = await readIfThere(join(folder, 'index.json'));
      return text === undefined ? [] : readIndexFile(text, place);
    },
    findBlob: async (digest) => {
      try {
        const found = await stat(blobPath(digest));
        return found.isFile() ? found.size : undefined;
      } catch (error) {
        if (isAbsent(error)) {
          return undefined;
        }
        throw error;
      }
    },
    openBlob: (digest, offset) =>
      createReadStream(blobPath(digest), { start: offset, highWaterMark: blobMegabyte }) as AsyncIterable<Uint8Array>,
    [Symbol.asyncDispose]: async () => {},
  };
}

/**
 * Opens an OCI layout to read. Rejects with MissingError when the folder is not there, and with LocalFileError when it
 * is no layout.
 * @see https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
export async function openOciFolder(folder: string): Promise<LayoutReader> {
  const mark = await readIfThere(join(folder, 'oci-layout'));
  if (mark === undefined) {
    const exists = await stat(folder).then(
      () => true,
      () => false,
    );
    throw exists
      ? new LocalFileError(`${folder} is no OCI layout: it has no file oci-layout`)
      : new MissingError(`${folder} does not exist`);
  }
  return createReader(folder, `oci:${folder}`);
}

/**
 * Opens an OCI layout to write, and makes it where there is none. Rejects with LocalFileError when the folder holds
 * something else, and with the system's errors.
 */
export async function createOciFolder(folder: string, place = `oci:${folder}`): Promise<LayoutWriter> {
  await mkdir(join(folder), { recursive: true });
  if ((await readIfThere(join(folder, 'oci-layout'))) === undefined) {
    if ((await readdir(folder)).length > 0) {
      throw new LocalFileError(`${folder} holds something that is no OCI layout`, 'name a new or an empty folder.');
    }
    await placeFile(join(folder, 'oci-layout'), [Buffer.from(layoutMark)]);
  }
  const reader = createReader(folder, place);
  return {
    ...reader,
    writeBlob: async (digest, bytes) => {
      const home = join(folder, 'blobs', digestAlgorithm(digest));
      await mkdir(home, { recursive: true });
      const verified = verifyBytes(bytes, digest);
      await placeFile(join(home, digestHex(digest)), verified.bytes, { folder, check: verified.assert });
    },
    finish: async (root, referrers) => {
      const path = join(folder, 'index.json');
      const text = updateIndexFile(await readIfThere(path), root, referrers, place);
      await placeFile(path, [Buffer.from(text)]);
    },
  };
}
