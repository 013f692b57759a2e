import { hash } from 'node:crypto';
import { type Digest, digestAlgorithm, digestHex } from '@entrepot/oci/digest';
import { ManifestError, type ParsedManifest, parseManifest } from '@entrepot/oci/manifest';
import { isFault, type Fault } from './fault.ts';
import type { SourceBlobs } from './types.ts';

export interface ReadManifest {
  readonly digest: Digest;
  readonly content: Uint8Array;
  readonly parsed: ParsedManifest;
}

/** Reads a manifest, of at most so many bytes, and finds its bytes to be those of its digest. */
export function readManifest(blobs: SourceBlobs, digest: Digest, most: number): ReadManifest | Fault {
  const file = blobs.folder.read(blobs.pathOf(digest), most);
  if (file === undefined) return { reason: 'manifest-missing', message: `The bytes of ${digest} are not there.` };
  if (isFault(file)) {
    if (file.reason !== 'too-large') return file;
    return { ...file, message: `${digest}: ${file.message} This registry takes no larger ones (manifests.max_size).` };
  }
  const { content } = file;
  if (hash(digestAlgorithm(digest), content, 'hex') !== digestHex(digest)) {
    return { reason: 'manifest-corrupt', message: `The bytes under ${digest} have another digest.` };
  }
  try {
    // The store keeps no media type beside the bytes; what they say themselves is what it serves them with.
    return { digest, content, parsed: parseManifest(content, undefined) };
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    const reason = error.fault === 'schema1' ? 'schema1' : 'manifest-invalid';
    return { reason, message: `${digest}: ${error.message}.` };
  }
}
