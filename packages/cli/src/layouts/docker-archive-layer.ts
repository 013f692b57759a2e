import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { ContentMismatchError } from '@entrepot/oci/client/errors';
import { type Digest, parseDigest, toDigest } from '@entrepot/oci/digest';
import { randomUUID } from 'node:crypto';
import type { Archive } from './archive.ts';
import { type Compression, decompress, detectCompression } from './compression.ts';
import { placeFile } from './place-file.ts';
import type { TarFile } from './tar-index.ts';

/** A layer as it will travel: compressed, with its digest. */
export interface PreparedLayer {
  readonly digest: Digest;
  readonly size: number;
  readonly compression: Exclude<Compression, 'none'>;
  /** Where it lies: as it is in the archive, or compressed in a file. */
  readonly lies:
    | { readonly kind: 'archive'; readonly file: TarFile }
    | { readonly kind: 'file'; readonly path: string };
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    onChunk(chunk);
    yield chunk;
  }
}

async function firstBytes(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  for await (const chunk of source) {
    return chunk.subarray(0, 4);
  }
  return new Uint8Array();
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of source) {
    // The bytes are counted on their way.
  }
}

/**
 * Prepares a layer of a docker archive: verifies it against its diff id, and compresses it into `folder` unless it
 * comes compressed. Rejects with ContentMismatchError when it is not what the config names.
 */
export async function prepareLayer(
  archive: Archive,
  file: TarFile,
  diffId: string,
  folder: string,
): Promise<PreparedLayer> {
  const expected = parseDigest(diffId);
  const compression = detectCompression(await firstBytes(archive.open(file)));
  const outer = createHash('sha256');
  const inner = createHash('sha256');
  let size = 0;
  const take = (chunk: Uint8Array) => {
    outer.update(chunk);
    size += chunk.length;
  };
  const check = () => {
    const found = toDigest('sha256', inner.digest('hex'));
    if (found !== expected) {
      throw new ContentMismatchError(
        `a layer of ${archive.place} has the digest ${found}, but its config says ${diffId}`,
      );
    }
  };
  if (compression !== 'none') {
    const unpacked = decompress(counted(archive.open(file), take), compression);
    await drain(counted(unpacked, (chunk) => inner.update(chunk)));
    check();
    const digest = toDigest('sha256', outer.digest('hex'));
    return { digest, size, compression, lies: { kind: 'archive', file } };
  }
  const path = join(folder, randomUUID());
  const plain = counted(archive.open(file), (chunk) => inner.update(chunk));
  const gzip = Readable.from(plain, { objectMode: false }).pipe(createGzip());
  await placeFile(path, counted(gzip, take), { check });
  return { digest: toDigest('sha256', outer.digest('hex')), size, compression: 'gzip', lies: { kind: 'file', path } };
}
