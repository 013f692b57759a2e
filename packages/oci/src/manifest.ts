import { type Descriptor, parseDescriptor } from './descriptor.ts';
import {
  type JsonObject,
  namesByFoldedCase,
  readAnnotations,
  readList,
  readObject,
  readOptionalText,
  refuseLookalikes,
} from './json-fields.ts';
import { ManifestError } from './manifest-error.ts';
import {
  isImageManifestType,
  isIndexType,
  isNondistributableLayerType,
  isSchema1Type,
  mediaTypeWithoutParameters,
  ociImageIndex,
  ociImageManifest,
} from './media-types.ts';
import { quoteForMessage } from './name-error.ts';
import { parseStrictJson, StrictJsonError } from './strict-json.ts';

export { ManifestError, type ManifestFault } from './manifest-error.ts';

/** What a registry needs to know of a manifest. The pushed bytes stay the truth; this is read from them. */
export interface ParsedManifest {
  readonly kind: 'image' | 'index';
  /** What is stored and echoed: the Content-Type of the push without parameters, else what the body says. */
  readonly mediaType: string;
  /** By the rule of the referrers list: `artifactType`, else for an image the type of its config. */
  readonly artifactType?: string;
  readonly config?: Descriptor;
  readonly layers: readonly Descriptor[];
  /** Config and layers that must be present in the repository, each digest once. */
  readonly blobs: readonly Descriptor[];
  /** Layers that live elsewhere: non-distributable ones and those with `urls`. Each digest once. */
  readonly foreignBlobs: readonly Descriptor[];
  /** The children of an index, each digest once. */
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

const names = namesByFoldedCase([
  'schemaVersion',
  'mediaType',
  'artifactType',
  'config',
  'layers',
  'manifests',
  'subject',
  'annotations',
]);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readJson(bytes: Uint8Array): JsonObject {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw new ManifestError('syntax', 'manifest is not valid UTF-8', { cause });
  }
  try {
    return readObject(parseStrictJson(text), 'manifest');
  } catch (cause) {
    if (cause instanceof StrictJsonError) {
      throw new ManifestError('syntax', `manifest is ${cause.message}`, { cause });
    }
    throw cause;
  }
}

function refuseSchema1(document: JsonObject, types: readonly string[]): void {
  if (document['schemaVersion'] === 1 || types.some(isSchema1Type)) {
    throw new ManifestError(
      'schema1',
      'manifest has the retired format Docker schema 1; push it as an OCI or Docker schema 2 image',
    );
  }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Decides by type where the type is known, else by shape; the shape must not contradict the type. */
function readKind(document: JsonObject, mediaType: string | undefined): ParsedManifest['kind'] {
  const indexLike = isPresent(document['manifests']);
  const imageLike = isPresent(document['config']) || isPresent(document['layers']);
  if (indexLike && imageLike) {
    throw new ManifestError('shape', 'manifest has manifests together with config or layers; it must be one kind');
  }
  const type = mediaType === undefined ? undefined : mediaTypeWithoutParameters(mediaType);
  if (type !== undefined && isIndexType(type)) {
    if (imageLike || !('manifests' in document)) {
      throw new ManifestError('shape', `manifests must be present in ${type}`);
    }
    return 'index';
  }
  if (type !== undefined && isImageManifestType(type)) {
    if (indexLike || !isPresent(document['config'])) {
      throw new ManifestError('shape', `config must be present in ${type}`);
    }
    return 'image';
  }
  if (indexLike) {
    return 'index';
  }
  if (!imageLike) {
    const told = mediaType === undefined ? 'no mediaType' : `the unknown mediaType ${quoteForMessage(mediaType)}`;
    throw new ManifestError(
      'media-type',
      `manifest has ${told} and neither manifests nor config: it is no image or index`,
    );
  }
  return 'image';
}

/** Each digest once, in order. Two sizes for one digest cannot both be true. */
function uniqueByDigest(descriptors: readonly Descriptor[]): readonly Descriptor[] {
  const seen = new Map<string, Descriptor>();
  for (const descriptor of descriptors) {
    const first = seen.get(descriptor.digest);
    if (first === undefined) {
      seen.set(descriptor.digest, descriptor);
    } else if (first.size !== descriptor.size) {
      throw new ManifestError('shape', `size of ${descriptor.digest} is given as ${first.size} and ${descriptor.size}`);
    }
  }
  return [...seen.values()];
}

function isForeign(layer: Descriptor): boolean {
  return layer.urls !== undefined || isNondistributableLayerType(layer.mediaType);
}

function readDescriptors(document: JsonObject, field: string): readonly Descriptor[] {
  return readList(document[field], field).map((entry, place) => parseDescriptor(entry, `${field}[${place}]`));
}

/**
 * Any type of that shape is welcome, known or not. Others are not: the type becomes a header of every pull, where a
 * stray character breaks the answer and text/html would be a page.
 * @see https://www.rfc-editor.org/rfc/rfc6838#section-4.2
 */
const applicationType = /^application\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

function readMediaType(document: JsonObject, contentType: string | undefined): string | undefined {
  const told = readOptionalText(document['mediaType'], 'mediaType') || undefined;
  const body = told === undefined ? undefined : mediaTypeWithoutParameters(told);
  const header = contentType === undefined ? undefined : mediaTypeWithoutParameters(contentType) || undefined;
  refuseSchema1(document, [body ?? '', header ?? '']);
  if (body !== undefined && header !== undefined && body !== header) {
    throw new ManifestError(
      'media-type',
      `mediaType is ${quoteForMessage(body)}, but the Content-Type is ${quoteForMessage(header)}`,
    );
  }
  const mediaType = header ?? body;
  if (mediaType !== undefined && !applicationType.test(mediaType)) {
    throw new ManifestError('media-type', `mediaType must be an application/… type, not ${quoteForMessage(mediaType)}`);
  }
  return mediaType;
}

/**
 * Reads an image manifest or an index, OCI or Docker schema 2, out of the exact bytes that were pushed. Unknown
 * config, layer and artifact types and unknown fields are accepted. Throws ManifestError; its message names the field.
 * @see https://github.com/opencontainers/image-spec/blob/main/manifest.md
 * @see https://github.com/opencontainers/image-spec/blob/main/image-index.md
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): ParsedManifest {
  const document = readJson(bytes);
  refuseLookalikes(document, names, 'manifest');
  const given = readMediaType(document, contentType);
  if (document['schemaVersion'] !== 2) {
    throw new ManifestError('shape', 'schemaVersion must be 2');
  }
  const kind = readKind(document, given);
  const config = isPresent(document['config']) ? parseDescriptor(document['config'], 'config') : undefined;
  if (kind === 'image' && config === undefined) {
    throw new ManifestError('shape', 'config must be present in an image manifest');
  }
  const layers = readDescriptors(document, 'layers');
  const subject = isPresent(document['subject']) ? parseDescriptor(document['subject'], 'subject') : undefined;
  const annotations = readAnnotations(document['annotations'], 'annotations');
  const ownType = readOptionalText(document['artifactType'], 'artifactType') || undefined;
  const artifactType = ownType ?? config?.mediaType;
  const foreign = uniqueByDigest(layers.filter(isForeign));
  const required = layers.filter((layer) => !isForeign(layer));
  return {
    kind,
    mediaType: given ?? (kind === 'index' ? ociImageIndex : ociImageManifest),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(config === undefined ? {} : { config }),
    layers,
    blobs: uniqueByDigest(config === undefined ? required : [config, ...required]),
    foreignBlobs: foreign,
    manifests: uniqueByDigest(readDescriptors(document, 'manifests')),
    ...(subject === undefined ? {} : { subject }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
