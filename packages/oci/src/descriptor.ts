import { type Digest, parseDigest } from './digest.ts';
import {
  type JsonObject,
  namesByFoldedCase,
  readAnnotations,
  readObject,
  readOptionalText,
  readTexts,
  refuseLookalikes,
} from './json-fields.ts';
import { ManifestError } from './manifest-error.ts';
import { OciNameError } from './name-error.ts';

/** The platform an image runs on. Read as the pusher wrote it; only the outer shape is checked. */
export interface Platform {
  readonly architecture?: string;
  readonly os?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
  readonly variant?: string;
}

/**
 * Content by type, digest and size.
 * @see https://github.com/opencontainers/image-spec/blob/main/descriptor.md
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly urls?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** The content itself in base64, when the pusher embedded it. */
  readonly data?: string;
  readonly artifactType?: string;
  readonly platform?: Platform;
}

const names = namesByFoldedCase([
  'mediaType',
  'digest',
  'size',
  'urls',
  'annotations',
  'data',
  'artifactType',
  'platform',
]);

function readDigest(value: unknown, field: string): Digest {
  if (typeof value !== 'string') {
    throw new ManifestError('shape', `${field} must be a string`);
  }
  try {
    return parseDigest(value);
  } catch (cause) {
    if (cause instanceof OciNameError) {
      const fault = cause.kind === 'digest-algorithm' ? 'digest-algorithm' : 'digest';
      throw new ManifestError(fault, `${field}: ${cause.message}`, { cause });
    }
    throw cause;
  }
}

function readSize(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new ManifestError('shape', `${field} must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
  return value;
}

/** The length of the bytes that base64 text stands for; undefined when it is not padded standard base64. */
function base64Length(text: string): number | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    return undefined;
  }
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}

function assertDataFits(data: string, size: number, field: string): void {
  const length = base64Length(data);
  if (length === undefined) {
    throw new ManifestError('shape', `${field}.data must be base64`);
  }
  if (length !== size) {
    throw new ManifestError('shape', `${field}.data holds ${length} bytes, but ${field}.size is ${size}`);
  }
}

function readMediaType(object: JsonObject, field: string): string {
  const mediaType = object['mediaType'];
  if (typeof mediaType !== 'string' || mediaType === '') {
    throw new ManifestError('shape', `${field}.mediaType must be a media type`);
  }
  return mediaType;
}

/**
 * Reads a descriptor out of strict JSON; `field` is its place in the document, for messages. Unknown fields are left
 * out, unknown media types accepted. Throws ManifestError naming the field.
 * @see https://github.com/opencontainers/image-spec/blob/main/descriptor.md
 */
export function parseDescriptor(value: unknown, field: string): Descriptor {
  const object = readObject(value, field);
  refuseLookalikes(object, names, field);
  const mediaType = readMediaType(object, field);
  const digest = readDigest(object['digest'], `${field}.digest`);
  const size = readSize(object['size'], `${field}.size`);
  const urls = readTexts(object['urls'], `${field}.urls`);
  const annotations = readAnnotations(object['annotations'], `${field}.annotations`);
  const data = readOptionalText(object['data'], `${field}.data`);
  const artifactType = readOptionalText(object['artifactType'], `${field}.artifactType`);
  const platform = object['platform'] ?? undefined;
  if (data !== undefined) {
    assertDataFits(data, size, field);
  }
  return {
    mediaType,
    digest,
    size,
    ...(urls.length === 0 ? {} : { urls }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(data === undefined ? {} : { data }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(platform === undefined ? {} : { platform: readObject(platform, `${field}.platform`) as Platform }),
  };
}
