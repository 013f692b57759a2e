import { createReadStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { digestOf } from '@entrepot/oci/client/content-hash';
import { createLimiter } from '@entrepot/oci/client/limiter';
import type { Descriptor } from '@entrepot/oci/descriptor';
import type { Digest } from '@entrepot/oci/digest';
import {
  dockerImageConfig,
  dockerLayerTarGzip,
  dockerManifest,
  ociImageConfig,
  ociImageManifest,
  ociLayerTarGzip,
} from '@entrepot/oci/media-types';
import { LocalFileError, MissingError } from '#src/failures/failures';
import { type Archive, openArchive } from './archive.ts';
import { type PreparedLayer, prepareLayer } from './docker-archive-layer.ts';
import { type DockerArchiveImage, readDiffIds, readDockerManifestFile } from './docker-manifest-file.ts';
import type { LayoutReader } from './layout.ts';
import { makeScratch } from './scratch.ts';

const ociLayerTarZstd = 'application/vnd.oci.image.layer.v1.tar+zstd';

/** Which media types a docker archive's images get. It has none of its own. */
export type ImageForm = 'docker' | 'oci';

export interface DockerArchiveOptions {
  readonly form: ImageForm;
  /** Reads only the image with this name; all of them when absent. */
  readonly name?: string | undefined;
  /** Called when a layer is about to be compressed, which takes a while. */
  readonly onLayer?: (size: number) => void;
}

interface HeldBlob {
  readonly size: number;
  open(offset: number): AsyncIterable<Uint8Array>;
}

function heldBytes(bytes: Uint8Array): HeldBlob {
  return {
    size: bytes.length,
    open: async function* open(offset) {
      yield bytes.subarray(offset);
    },
  };
}

/** Docker fills in what a name leaves out. */
function namesMatch(own: string, wanted: string): boolean {
  const full = /:[^/]*$/.test(wanted) ? wanted : `${wanted}:latest`;
  const short = (name: string) => name.replace(/^docker\.io\//, '').replace(/^library\//, '');
  return short(own) === short(full);
}

function describeLayer(layer: PreparedLayer, form: ImageForm): Descriptor {
  const oci = layer.compression === 'zstd' ? ociLayerTarZstd : ociLayerTarGzip;
  return { mediaType: form === 'docker' ? dockerLayerTarGzip : oci, digest: layer.digest, size: layer.size };
}

/** The config as it is, the layers compressed, and a manifest over them. */
async function readImage(
  archive: Archive,
  image: DockerArchiveImage,
  layerOf: (path: string, diffId: string) => Promise<PreparedLayer>,
  wantedForm: ImageForm,
): Promise<{ manifest: Uint8Array; mediaType: string; config: Uint8Array; layers: readonly PreparedLayer[] }> {
  const config = Buffer.from(await archive.readText(image.config));
  const diffIds = readDiffIds(config);
  if (diffIds?.length !== image.layers.length) {
    const told = diffIds === undefined ? 'no' : String(diffIds.length);
    throw new LocalFileError(
      `${archive.place} is damaged: its config names ${told} layers, its manifest.json ${image.layers.length}`,
    );
  }
  const layers = await Promise.all(image.layers.map((path, place) => layerOf(path, diffIds[place] ?? '')));
  // Docker's own types know no zstd.
  const form = layers.some(({ compression }) => compression === 'zstd') ? 'oci' : wantedForm;
  const mediaType = form === 'docker' ? dockerManifest : ociImageManifest;
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: form === 'docker' ? dockerImageConfig : ociImageConfig,
      digest: digestOf(config),
      size: config.length,
    },
    layers: layers.map((layer) => describeLayer(layer, form)),
  };
  return { manifest: Buffer.from(JSON.stringify(manifest)), mediaType, config, layers };
}

/**
 * Opens what `docker save` writes, as if it were a layout: the config byte for byte, the layers compressed and verified.
 * The same archive yields the same digests. Rejects with MissingError when the file or the name is not there, with
 * LocalFileError when it is no such archive, and with ContentMismatchError when a layer is damaged.
 */
export async function openDockerArchive(path: string, options: DockerArchiveOptions): Promise<LayoutReader> {
  const place = `docker-archive:${path}`;
  const { form, name } = options;
  await using stack = new AsyncDisposableStack();
  const archive = stack.use(await openArchive(path, place));
  if (archive.find('manifest.json') === undefined) {
    const hint = archive.find('index.json') === undefined ? undefined : `it is an OCI layout: oci-archive:${path}`;
    throw new LocalFileError(`${path} is no docker archive: it has no manifest.json`, hint);
  }
  const scratch = stack.use(await makeScratch());
  const images = readDockerManifestFile(await archive.readText('manifest.json'), place);
  const chosen = name === undefined ? images : images.filter(({ names }) => names.some((own) => namesMatch(own, name)));
  if (chosen.length === 0) {
    const known = images.flatMap(({ names }) => names).join(', ');
    throw new MissingError(`${place} has no image ${name}`, known === '' ? undefined : `it has ${known}`);
  }

  const limit = createLimiter(availableParallelism());
  const prepared = new Map<string, Promise<PreparedLayer>>();
  function layerOf(layerPath: string, diffId: string): Promise<PreparedLayer> {
    const file = archive.find(layerPath);
    if (file === undefined) {
      return Promise.reject(new LocalFileError(`${place} is damaged: it has no ${layerPath}`));
    }
    const layer =
      prepared.get(layerPath) ??
      limit(() => {
        options.onLayer?.(file.size);
        return prepareLayer(archive, file, diffId, scratch.path);
      });
    prepared.set(layerPath, layer);
    return layer;
  }

  const blobs = new Map<Digest, HeldBlob>();
  const entries: { descriptor: Descriptor; name: string | undefined }[] = [];
  for (const image of chosen) {
    const { manifest, mediaType, config, layers } = await readImage(archive, image, layerOf, form);
    const digest = digestOf(manifest);
    blobs.set(digest, heldBytes(manifest)).set(digestOf(config), heldBytes(config));
    for (const { digest: own, size, lies } of layers) {
      const open =
        lies.kind === 'archive'
          ? (offset: number) => archive.open(lies.file, offset)
          : (offset: number) => createReadStream(lies.path, { start: offset }) as AsyncIterable<Uint8Array>;
      blobs.set(own, { size, open });
    }
    const descriptor = { mediaType, digest, size: manifest.length };
    const names = name === undefined ? image.names : [name];
    entries.push(...(names.length === 0 ? [undefined] : names).map((own) => ({ descriptor, name: own })));
  }

  const owned = stack.move();
  return {
    place,
    list: async () => entries,
    findBlob: async (digest) => blobs.get(digest)?.size,
    openBlob: (digest, offset) => (blobs.get(digest) ?? heldBytes(new Uint8Array())).open(offset),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
