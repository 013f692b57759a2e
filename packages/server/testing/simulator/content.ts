import { createHash } from 'node:crypto';
import { type Digest, toDigest } from '@entrepot/oci/digest';

/** A blob that actors push. */
export interface KnownBlob {
  readonly digest: Digest;
  readonly bytes: Buffer;
}

/** A manifest that actors push, and what it needs. */
export interface KnownManifest {
  readonly digest: Digest;
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly blobs: readonly Digest[];
  readonly children: readonly Digest[];
  readonly subject: Digest | undefined;
}

const imageType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

const digestOf = (bytes: Uint8Array): Digest => toDigest('sha256', createHash('sha256').update(bytes).digest('hex'));

function aBlob(text: string): KnownBlob {
  const bytes = Buffer.from(text);
  return { digest: digestOf(bytes), bytes };
}

/** Few, so that actors share them; the configs come first. */
export const someConfigs: readonly KnownBlob[] = Array.from({ length: 2 }, (_, index) =>
  aBlob(`{"architecture":"amd64","os":"linux","variant":"v${index}"}`),
);
export const someLayers: readonly KnownBlob[] = Array.from({ length: 4 }, (_, index) =>
  aBlob(`layer ${index} `.repeat(3 + index)),
);

const blobs = new Map([...someConfigs, ...someLayers].map((blob) => [blob.digest, blob]));

export function bytesOf(digest: Digest): Buffer {
  const blob = blobs.get(digest);
  if (blob === undefined) throw new Error(`nobody made the blob ${digest}`);
  return blob.bytes;
}

const made = new Map<string, KnownManifest>();

/** The same document is hashed once in the life of the process. */
function remember(document: object, parts: Pick<KnownManifest, 'mediaType' | 'blobs' | 'children' | 'subject'>) {
  const text = JSON.stringify(document);
  const known = made.get(text);
  if (known !== undefined) return known;
  const bytes = Buffer.from(text);
  const manifest = { digest: digestOf(bytes), bytes, ...parts };
  made.set(text, manifest);
  return manifest;
}

export function anImage(config: KnownBlob, layers: readonly KnownBlob[], subject?: KnownManifest): KnownManifest {
  const describe = (blob: KnownBlob, mediaType: string) => ({
    mediaType,
    digest: blob.digest,
    size: blob.bytes.length,
  });
  const document = {
    schemaVersion: 2,
    mediaType: imageType,
    config: describe(config, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map((layer) => describe(layer, 'application/vnd.oci.image.layer.v1.tar')),
    ...(subject && {
      artifactType: 'application/vnd.example.signature',
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.bytes.length },
    }),
  };
  return remember(document, {
    mediaType: imageType,
    blobs: [...new Set([config.digest, ...layers.map((layer) => layer.digest)])],
    children: [],
    subject: subject?.digest,
  });
}

export function anIndex(children: readonly KnownManifest[]): KnownManifest {
  const document = {
    schemaVersion: 2,
    mediaType: indexType,
    manifests: children.map(({ mediaType, digest, bytes }) => ({ mediaType, digest, size: bytes.length })),
  };
  return remember(document, {
    mediaType: indexType,
    blobs: [],
    children: [...new Set(children.map(({ digest }) => digest))],
    subject: undefined,
  });
}
