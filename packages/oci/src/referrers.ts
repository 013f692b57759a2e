import type { Descriptor } from './descriptor.ts';
import { type Digest, digestAlgorithm, digestHex } from './digest.ts';
import type { ParsedManifest } from './manifest.ts';
import { ociImageIndex } from './media-types.ts';
import type { TagName } from './tag.ts';

/** The body of a referrers answer: an index whose children point at one subject. */
export interface ReferrersIndex {
  readonly schemaVersion: 2;
  readonly mediaType: typeof ociImageIndex;
  readonly manifests: readonly Descriptor[];
}

/**
 * Builds the body of a referrers answer, each digest once, in the given order. Never fails.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
 */
export function buildReferrersIndex(descriptors: Iterable<Descriptor>): ReferrersIndex {
  const seen = new Map<Digest, Descriptor>();
  for (const descriptor of descriptors) {
    if (!seen.has(descriptor.digest)) {
      seen.set(descriptor.digest, descriptor);
    }
  }
  return { schemaVersion: 2, mediaType: ociImageIndex, manifests: [...seen.values()] };
}

/**
 * Describes a manifest as its subject's referrers list shows it: artifact type and annotations are the manifest's own.
 * Never fails.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
 */
export function describeReferrer(manifest: ParsedManifest, digest: Digest, size: number): Descriptor {
  return {
    mediaType: manifest.mediaType,
    digest,
    size,
    ...(manifest.artifactType === undefined ? {} : { artifactType: manifest.artifactType }),
    ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
  };
}

/** The descriptors of one artifact type; all of them when none is asked for. Never fails. */
export function filterReferrers(
  descriptors: readonly Descriptor[],
  artifactType: string | undefined,
): readonly Descriptor[] {
  return artifactType === undefined
    ? descriptors
    : descriptors.filter((descriptor) => descriptor.artifactType === artifactType);
}

/**
 * The tag under which clients keep the referrers of a digest in a registry without the referrers API:
 * `<algorithm>-<encoded>`, cut to 32 and 64 characters. Never fails.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema
 */
export function referrersFallbackTag(digest: Digest): TagName {
  return `${digestAlgorithm(digest).slice(0, 32)}-${digestHex(digest).slice(0, 64)}` as TagName;
}
