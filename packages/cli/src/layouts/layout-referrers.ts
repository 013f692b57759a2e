import type { Descriptor } from '@entrepot/oci/descriptor';
import type { Digest } from '@entrepot/oci/digest';
import { type ParsedManifest, parseManifest } from '@entrepot/oci/manifest';
import { ManifestError } from '@entrepot/oci/manifest-error';
import { isImageManifestType, isIndexType } from '@entrepot/oci/media-types';
import { describeReferrer, referrersFallbackTag } from '@entrepot/oci/referrers';
import type { LayoutReader } from './layout.ts';

const largestManifest = 4 * 1024 * 1024;

async function findManifest(layout: LayoutReader, descriptor: Descriptor): Promise<ParsedManifest | undefined> {
  const { digest, mediaType } = descriptor;
  const size = await layout.findBlob(digest);
  if (size === undefined || size > largestManifest || !(isImageManifestType(mediaType) || isIndexType(mediaType))) {
    return undefined;
  }
  try {
    return parseManifest(Buffer.concat(await Array.fromAsync(layout.openBlob(digest, 0))), mediaType);
  } catch (error) {
    if (error instanceof ManifestError) {
      return undefined;
    }
    throw error;
  }
}

/**
 * What refers to a digest in a layout: listed manifests that name it as their subject, and the list that some tools
 * keep under the fallback tag. Rejects with LocalFileError when the layout cannot be read.
 * @see https://github.com/opencontainers/image-spec/blob/main/image-layout.md#indexjson-file
 */
export async function listLayoutReferrers(layout: LayoutReader, subject: Digest): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = [];
  for (const { descriptor, name } of await layout.list()) {
    const manifest = await findManifest(layout, descriptor);
    if (manifest?.subject?.digest === subject) {
      found.push(describeReferrer(manifest, descriptor.digest, descriptor.size));
    }
    if (name === referrersFallbackTag(subject)) {
      found.push(...(manifest?.manifests ?? []));
    }
  }
  return found;
}
