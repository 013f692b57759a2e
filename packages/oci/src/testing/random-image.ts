import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { digestOf } from '#src/client/content-hash';
import type { Descriptor, Platform } from '#src/descriptor';
import type { DigestAlgorithm } from '#src/digest';
import {
  dockerImageConfig,
  dockerLayerTarGzip,
  dockerManifest,
  dockerManifestList,
  ociEmpty,
  ociImageConfig,
  ociImageIndex,
  ociImageManifest,
  ociLayerTarGzip,
} from '#src/media-types';

/** Content in memory with its descriptor. */
export interface TestContent {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** A manifest, and the blobs it names. */
export interface TestImage extends TestContent {
  readonly config: TestContent;
  readonly layers: readonly TestContent[];
  /** Config and layers. */
  readonly blobs: readonly TestContent[];
}

/** An index, and the images it names. */
export interface TestIndex extends TestContent {
  readonly images: readonly TestImage[];
}

export interface TestImageOptions {
  /** The same seed yields the same image. */
  readonly seed: number | string;
  readonly layers?: number;
  /** Bytes of file content in each layer; they do not compress. */
  readonly layerSize?: number;
  readonly platform?: Platform;
  readonly docker?: boolean;
  readonly algorithm?: DigestAlgorithm;
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Bytes that look random and depend on the seed alone. Never fails. */
export function seededBytes(seed: number | string, length: number): Uint8Array {
  return createHash('shake256', { outputLength: Math.max(length, 1) })
    .update(String(seed))
    .digest()
    .subarray(0, length);
}

/** Puts content under its descriptor. Never fails. */
export function testContent(
  mediaType: string,
  bytes: Uint8Array,
  algorithm: DigestAlgorithm = 'sha256',
  more: Partial<Descriptor> = {},
): TestContent {
  return { descriptor: { mediaType, digest: digestOf(bytes, algorithm), size: bytes.length, ...more }, bytes };
}

function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** A tar archive with one file (POSIX ustar). Never fails. */
export function tarWithFile(name: string, content: Uint8Array): Uint8Array {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, 'utf8');
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, Buffer.alloc(1024)]);
}

/** Builds an image that any client can run through: gzipped tar layers, a config with their diff ids. Never fails. */
export function randomImage(options: TestImageOptions): TestImage {
  const { seed, algorithm = 'sha256', platform = { os: 'linux', architecture: 'amd64' }, docker = false } = options;
  const tars = Array.from({ length: options.layers ?? 2 }, (_, place) =>
    tarWithFile(`file-${place}`, seededBytes(`${seed}/${place}`, options.layerSize ?? 1024)),
  );
  const layers = tars.map((tar) =>
    testContent(docker ? dockerLayerTarGzip : ociLayerTarGzip, gzipSync(tar), algorithm),
  );
  const config = testContent(
    docker ? dockerImageConfig : ociImageConfig,
    jsonBytes({
      ...platform,
      created: '2000-01-01T00:00:00Z',
      config: { Labels: { seed: String(seed) } },
      rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) },
    }),
    algorithm,
  );
  const mediaType = docker ? dockerManifest : ociImageManifest;
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
    ...(options.subject === undefined ? {} : { subject: options.subject }),
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
  };
  return {
    ...testContent(mediaType, jsonBytes(manifest), algorithm, { platform }),
    config,
    layers,
    blobs: [config, ...layers],
  };
}

/** Builds an artifact that refers to a subject, as a signature or an SBOM does: an empty config, one layer. Never fails. */
export function randomReferrer(seed: number | string, subject: Descriptor, artifactType: string): TestImage {
  const { mediaType, digest, size } = subject;
  const config = testContent(ociEmpty, jsonBytes({}));
  const layer = testContent('application/octet-stream', seededBytes(seed, 64));
  const manifest = {
    schemaVersion: 2,
    mediaType: ociImageManifest,
    artifactType,
    config: config.descriptor,
    layers: [layer.descriptor],
    subject: { mediaType, digest, size },
    annotations: { 'org.example.seed': String(seed) },
  };
  const content = testContent(ociImageManifest, jsonBytes(manifest));
  return { ...content, config, layers: [layer], blobs: [config, layer] };
}

/** Builds an index over images. Never fails. */
export function indexOf(images: readonly TestImage[], docker = false): TestIndex {
  const mediaType = docker ? dockerManifestList : ociImageIndex;
  const index = { schemaVersion: 2, mediaType, manifests: images.map((image) => image.descriptor) };
  return { ...testContent(mediaType, jsonBytes(index)), images };
}

/** Builds an index with one image for each platform. Never fails. */
export function randomIndex(
  options: Omit<TestImageOptions, 'platform' | 'subject'> & { readonly platforms?: readonly Platform[] },
): TestIndex {
  const { seed, docker = false } = options;
  const platforms = options.platforms ?? [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64', variant: 'v8' },
  ];
  const images = platforms.map((platform, place) => randomImage({ ...options, platform, seed: `${seed}-${place}` }));
  return indexOf(images, docker);
}
