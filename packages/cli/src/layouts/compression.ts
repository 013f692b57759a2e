import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';

export type Compression = 'none' | 'gzip' | 'zstd';

/** What the first bytes of a file say of its compression. Never fails. */
export function detectCompression(first: Uint8Array): Compression {
  const magic = Buffer.from(first).toString('hex', 0, 4);
  return magic.startsWith('1f8b') ? 'gzip' : magic === '28b52ffd' ? 'zstd' : 'none';
}

/** Undoes a compression on the way. Fails while it is read when the bytes are damaged. */
export function decompress(source: AsyncIterable<Uint8Array>, compression: Compression): AsyncIterable<Uint8Array> {
  if (compression === 'none') {
    return source;
  }
  const unpack = compression === 'gzip' ? createGunzip() : createZstdDecompress();
  const from = Readable.from(source, { objectMode: false });
  // Destroying the end that is read must release the source too.
  from.once('error', (error) => unpack.destroy(error));
  unpack.once('close', () => from.destroy());
  return from.pipe(unpack);
}
