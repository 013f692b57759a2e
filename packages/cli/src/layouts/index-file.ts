import { type Descriptor, parseDescriptor } from '@entrepot/oci/descriptor';
import { ManifestError } from '@entrepot/oci/manifest-error';
import { ociImageIndex } from '@entrepot/oci/media-types';
import { parseStrictJson, StrictJsonError } from '@entrepot/oci/strict-json';
import { LocalFileError } from '#src/failures/failures';
import type { LayoutEntry } from './layout.ts';

const nameAnnotation = 'org.opencontainers.image.ref.name';

/** The text of the file `oci-layout`. */
export const layoutMark = '{"imageLayoutVersion":"1.0.0"}';

type IndexDocument = Readonly<Record<string, unknown>>;

function parseDocument(text: string, place: string): IndexDocument {
  try {
    const document = parseStrictJson(text);
    if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
      return document as IndexDocument;
    }
  } catch (cause) {
    if (!(cause instanceof StrictJsonError)) {
      throw cause;
    }
    throw new LocalFileError(`the index.json of ${place} is damaged: ${cause.message}`, undefined, { cause });
  }
  throw new LocalFileError(`the index.json of ${place} is damaged: it is no object`);
}

function rawEntries(document: IndexDocument): readonly unknown[] {
  return Array.isArray(document['manifests']) ? document['manifests'] : [];
}

/**
 * Reads the index.json of a layout, in which one digest may stand under several names. Throws LocalFileError.
 * @see https://github.com/opencontainers/image-spec/blob/main/image-layout.md#indexjson-file
 */
export function readIndexFile(text: string, place: string): readonly LayoutEntry[] {
  try {
    return rawEntries(parseDocument(text, place)).map((entry, at) => {
      const descriptor = parseDescriptor(entry, `manifests[${at}]`);
      return { descriptor, name: descriptor.annotations?.[nameAnnotation] };
    });
  } catch (cause) {
    if (cause instanceof ManifestError) {
      throw new LocalFileError(`the index.json of ${place} is damaged: ${cause.message}`, undefined, { cause });
    }
    throw cause;
  }
}

function isEntryOf(entry: unknown, digest: string, name: string | undefined): boolean {
  const { digest: own, annotations } = entry as { digest?: unknown; annotations?: Record<string, unknown> | null };
  const ownName = annotations?.[nameAnnotation];
  // A name stands for one image; an image without a name is listed once.
  return name === undefined ? own === digest && ownName === undefined : ownName === name;
}

/**
 * Adds what was written to an index.json, or begins one. A name moves from the image that had it; everything else
 * stays as it is. Throws LocalFileError when the old text cannot be read.
 */
export function updateIndexFile(
  text: string | undefined,
  root: LayoutEntry,
  referrers: readonly Descriptor[],
  place: string,
): string {
  const document = text === undefined ? { schemaVersion: 2, mediaType: ociImageIndex } : parseDocument(text, place);
  const added = [root, ...referrers.map((descriptor) => ({ descriptor, name: undefined }))];
  let entries = [...rawEntries(document)];
  for (const { descriptor, name } of added) {
    const isNamed = entries.some((entry) => (entry as { digest?: unknown }).digest === descriptor.digest);
    if (name === undefined && isNamed) {
      continue;
    }
    const annotations =
      name === undefined ? {} : { annotations: { ...descriptor.annotations, [nameAnnotation]: name } };
    entries = entries.filter((entry) => !isEntryOf(entry, descriptor.digest, name));
    entries.push({ ...descriptor, ...annotations });
  }
  return JSON.stringify({ ...document, manifests: entries });
}
