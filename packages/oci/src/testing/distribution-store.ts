import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ociImageConfig, ociImageIndex, ociImageManifest, ociLayerTarGzip } from '#src/media-types';

export interface WrittenImage {
  readonly digest: string;
  readonly manifest: string;
  readonly config: string;
  readonly layers: readonly string[];
}

/** Writes what docker-registry writes, file by file. */
export interface DistributionStore {
  /** What the configuration of the other registry would name. */
  readonly root: string;
  /** `docker/registry/v2` in it. */
  readonly v2: string;
  /** The file of a blob. */
  pathOf(digest: string): string;
  putBlob(repository: string, bytes: string | Uint8Array): string;
  /** A manifest or index, and the tags that point at it. */
  putManifest(repository: string, manifest: string, ...tags: string[]): string;
  tag(repository: string, tag: string, digest: string): void;
  /** An image with a config and layers of its own. */
  putImage(repository: string, seed: string, tags: readonly string[], more?: ImageParts): WrittenImage;
}

export interface ImageParts {
  readonly layers?: readonly string[];
  /** Fields of the manifest. */
  readonly fields?: object;
}

const digestOf = (bytes: string | Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const describe = (mediaType: string, bytes: string) => ({
  mediaType,
  digest: digestOf(bytes),
  size: Buffer.byteLength(bytes),
});

/** An index as text, of these manifests. */
export function indexOf(manifests: readonly { readonly manifest: string }[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: ociImageIndex,
    manifests: manifests.map(({ manifest }) => describe(ociImageManifest, manifest)),
  });
}

/** Writes a file, and the folders above it. */
export function writeFileAt(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** @see https://github.com/distribution/distribution/blob/main/registry/storage/paths.go */
export function createDistributionStore(root: string): DistributionStore {
  const v2 = join(root, 'docker', 'registry', 'v2');
  mkdirSync(join(v2, 'repositories'), { recursive: true });
  mkdirSync(join(v2, 'blobs'), { recursive: true });
  const pathOf = (digest: string) => {
    const [algorithm = '', hex = ''] = digest.split(':');
    return join(v2, 'blobs', algorithm, hex.slice(0, 2), hex, 'data');
  };
  const link = (digest: string, repository: string, ...parts: string[]) =>
    writeFileAt(join(v2, 'repositories', repository, ...parts, 'link'), digest);
  const putBlob = (repository: string, bytes: string | Uint8Array) => {
    const digest = digestOf(bytes);
    writeFileAt(pathOf(digest), bytes);
    link(digest, repository, '_layers', ...digest.split(':'));
    return digest;
  };
  const tag = (repository: string, name: string, digest: string) => {
    link(digest, repository, '_manifests', 'tags', name, 'current');
    link(digest, repository, '_manifests', 'tags', name, 'index', ...digest.split(':'));
  };
  const putManifest = (repository: string, manifest: string, ...tags: string[]) => {
    const digest = digestOf(manifest);
    writeFileAt(pathOf(digest), manifest);
    link(digest, repository, '_manifests', 'revisions', ...digest.split(':'));
    for (const name of tags) tag(repository, name, digest);
    return digest;
  };
  return {
    root,
    v2,
    pathOf,
    putBlob,
    putManifest,
    tag,
    putImage(repository, seed, tags, { layers = [`layer of ${seed}`], fields = {} } = {}) {
      const config = JSON.stringify({ architecture: 'amd64', os: 'linux', seed });
      for (const bytes of [config, ...layers]) putBlob(repository, bytes);
      const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: ociImageManifest,
        config: describe(ociImageConfig, config),
        layers: layers.map((layer) => describe(ociLayerTarGzip, layer)),
        ...fields,
      });
      return { digest: putManifest(repository, manifest, ...tags), manifest, config, layers };
    },
  };
}
