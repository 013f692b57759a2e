import { type Digest, digestAlgorithm, digestHex } from '@entrepot/oci/digest';
import { LocalFileError } from '#src/failures/failures';
import { openArchive } from './archive.ts';
import { readIndexFile } from './index-file.ts';
import type { LayoutReader } from './layout.ts';

/**
 * Opens a tar archive of an OCI layout to read. Rejects with MissingError when the file is not there, and with
 * LocalFileError when it is no such archive.
 */
export async function openOciArchive(path: string): Promise<LayoutReader> {
  const place = `oci-archive:${path}`;
  await using stack = new AsyncDisposableStack();
  const archive = stack.use(await openArchive(path, place));
  if (archive.find('index.json') === undefined) {
    const docker = archive.find('manifest.json') !== undefined;
    const hint = docker ? `it is a docker archive: docker-archive:${path}` : undefined;
    throw new LocalFileError(`${path} is no archive of an OCI layout: it has no index.json`, hint);
  }
  const owned = stack.move();
  const find = (digest: Digest) => archive.find(`blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`);
  return {
    place,
    list: async () => readIndexFile(await archive.readText('index.json'), place),
    findBlob: async (digest) => find(digest)?.size,
    openBlob: (digest, offset) => archive.open(find(digest) ?? { offset: 0, size: 0 }, offset),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
