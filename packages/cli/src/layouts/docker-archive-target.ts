import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ContentMismatchError } from '@entrepot/oci/client/errors';
import type { Descriptor } from '@entrepot/oci/descriptor';
import { digestHex, toDigest } from '@entrepot/oci/digest';
import { parseManifest } from '@entrepot/oci/manifest';
import type { TarSource } from 'modern-tar/fs';
import { LocalFileError, UsageError } from '#src/failures/failures';
import { createArchive } from './archive-target.ts';
import { decompress, detectCompression } from './compression.ts';
import { formatDockerManifestFile, readDiffIds } from './docker-manifest-file.ts';
import type { LayoutEntry, LayoutReader, LayoutWriter } from './layout.ts';

async function readAll(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(source));
}

async function openUnpacked(layout: LayoutReader, layer: Descriptor): Promise<() => AsyncIterable<Uint8Array>> {
  let compression = detectCompression(new Uint8Array());
  for await (const chunk of layout.openBlob(layer.digest, 0)) {
    compression = detectCompression(chunk);
    break;
  }
  return () => decompress(layout.openBlob(layer.digest, 0), compression);
}

/** A layer as the archive holds it: uncompressed, verified, named by its diff id. */
async function describeLayer(layout: LayoutReader, layer: Descriptor, diffId: string): Promise<TarSource> {
  const openLayer = await openUnpacked(layout, layer);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of openLayer()) {
    hash.update(chunk);
    size += chunk.length;
  }
  const found = toDigest('sha256', hash.digest('hex'));
  if (found !== diffId) {
    throw new ContentMismatchError(`the layer ${layer.digest} unpacks to ${found}, but the config says ${diffId}`);
  }
  return { type: 'stream', content: lazily(openLayer), size, target: `${digestHex(found)}.tar` };
}

/** A stream that opens its source only when it is read: an archive has many layers, and open files are few. */
function lazily(openSource: () => AsyncIterable<Uint8Array>): Readable {
  return Readable.from(
    (async function* read() {
      yield* openSource();
    })(),
    { objectMode: false },
  );
}

async function listFiles(layout: LayoutReader, root: LayoutEntry): Promise<readonly TarSource[]> {
  const manifest = parseManifest(await readAll(layout.openBlob(root.descriptor.digest, 0)), root.descriptor.mediaType);
  if (manifest.kind === 'index' || manifest.config === undefined) {
    throw new UsageError('a docker archive holds one image, not an index', 'choose one with --platform os/arch.');
  }
  if (manifest.foreignBlobs.length > 0) {
    throw new LocalFileError(
      'the image has layers that live elsewhere, which a docker archive cannot say',
      'write an OCI layout: oci:FOLDER',
    );
  }
  const config = await readAll(layout.openBlob(manifest.config.digest, 0));
  const diffIds = readDiffIds(config);
  if (diffIds?.length !== manifest.layers.length) {
    throw new LocalFileError(
      'this is no image that docker could load: its config does not name its layers',
      'write an OCI layout: oci:FOLDER',
    );
  }
  const files = new Map<string, TarSource>();
  for (const [place, layer] of manifest.layers.entries()) {
    const diffId = diffIds[place] ?? '';
    if (!files.has(diffId)) {
      files.set(diffId, await describeLayer(layout, layer, diffId));
    }
  }
  const image = {
    config: `${digestHex(manifest.config.digest)}.json`,
    names: root.name === undefined ? [] : [root.name],
    layers: diffIds.map((diffId) => files.get(diffId)?.target ?? ''),
  };
  return [
    { type: 'content', content: formatDockerManifestFile([image]), target: 'manifest.json' },
    { type: 'content', content: config, target: image.config },
    ...files.values(),
  ];
}

/**
 * A layout that becomes an archive for `docker load` when it is finished. Rejects as `createArchive` does; finishing
 * rejects with UsageError, LocalFileError or ContentMismatchError when the image cannot be put that way.
 */
export function createDockerArchive(path: string): Promise<LayoutWriter> {
  return createArchive(path, `docker-archive:${path}`, (layout, _folder, root) => listFiles(layout, root));
}
