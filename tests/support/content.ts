import { createHash, randomBytes } from 'node:crypto';

export type Algorithm = 'sha256' | 'sha512';

/** The digest of some bytes. */
export function digestOf(bytes: string | Uint8Array, algorithm: Algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** Bytes that no other test has. */
export function someBytes(size: number): Buffer {
  return randomBytes(size);
}

/** A well-formed digest of bytes that nobody has. */
export function unknownDigest(algorithm: Algorithm = 'sha256'): string {
  return digestOf(randomBytes(32), algorithm);
}

export const mediaType = {
  image: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
  dockerImage: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  bytes: 'application/octet-stream',
} as const;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly [field: string]: unknown;
}

/** The descriptor of some bytes. */
export function describe(type: string, bytes: string | Uint8Array, algorithm: Algorithm = 'sha256'): Descriptor {
  return { mediaType: type, digest: digestOf(bytes, algorithm), size: Buffer.byteLength(bytes) };
}

/** An image manifest as text. Fields in `more` are added or replace. */
export function imageManifest(config: Descriptor, layers: readonly Descriptor[], more: object = {}): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaType.image, config, layers, ...more });
}

/** An image index as text. Fields in `more` are added or replace. */
export function imageIndex(manifests: readonly Descriptor[], more: object = {}): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaType.index, manifests, ...more });
}
