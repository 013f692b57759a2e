import type { Descriptor } from '@entrepot/oci/descriptor';
import type { Digest } from '@entrepot/oci/digest';
import { parseManifest } from '@entrepot/oci/manifest';
import { describeReferrer, filterReferrers, referrersFallbackTag } from '@entrepot/oci/referrers';
import type { ReferrerStore } from './store.ts';

export interface ReferrersPage {
  readonly descriptors: readonly Descriptor[];
  /** Where the next page starts, when there is one. */
  readonly next: Digest | undefined;
}

export interface Referrers {
  /**
   * What refers to the subject, in order of digest. The index that older clients kept under the fallback tag is part
   * of it (distribution-spec, Listing Referrers and Referrers Tag Schema).
   */
  list(query: {
    readonly repositoryId: number;
    readonly subject: Digest;
    readonly artifactType: string | undefined;
    readonly after: string;
    readonly limit: number;
  }): Promise<ReferrersPage>;
}

/** A fallback index lists this many entries at most; more is no index a client keeps by hand. */
const mostFallback = 500;

/** Bytes of a page, below the 4 MiB that a manifest may have. */
const largestPage = 3.5 * 1024 * 1024;

export function createReferrers({ store }: { readonly store: ReferrerStore }): Referrers {
  /**
   * The fallback index as its manifests are, not as a client once described them: such indexes are known to lack
   * types and annotations.
   */
  async function fallback(repositoryId: number, subject: Digest): Promise<Descriptor[]> {
    const index = await store.contentOfTag(repositoryId, referrersFallbackTag(subject));
    if (index === undefined) return [];
    const listed = readIndex(index).slice(0, mostFallback);
    const held = await store.contents(
      repositoryId,
      listed.map((descriptor) => descriptor.digest),
    );
    return listed.map((descriptor) => {
      const manifest = held.get(descriptor.digest);
      return manifest === undefined
        ? descriptor
        : describeReferrer(
            parseManifest(manifest.content, manifest.mediaType),
            descriptor.digest,
            manifest.content.length,
          );
    });
  }

  return {
    async list({ repositoryId, subject, artifactType, after, limit }) {
      const known = await store.list({ repositoryId, subject, artifactType, after, limit: limit + 1 });
      const older = filterReferrers(await fallback(repositoryId, subject), artifactType);
      const merged = new Map(
        [...known, ...older.filter((entry) => entry.digest > after)].map((entry) => [entry.digest, entry]),
      );
      const sorted = [...merged.values()].toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
      const descriptors = firstThatFit(sorted.slice(0, limit));
      return { descriptors, next: sorted.length > descriptors.length ? descriptors.at(-1)?.digest : undefined };
    },
  };
}

/** Annotations can be large, and a page is an index that clients read with a limit of 4 MiB. One entry is always given. */
function firstThatFit(descriptors: readonly Descriptor[]): readonly Descriptor[] {
  let bytes = 0;
  const end = descriptors.findIndex((descriptor, at) => {
    bytes += Buffer.byteLength(JSON.stringify(descriptor));
    return at > 0 && bytes > largestPage;
  });
  return end === -1 ? descriptors : descriptors.slice(0, end);
}

function readIndex(content: Uint8Array): readonly Descriptor[] {
  try {
    return parseManifest(content, undefined).manifests;
  } catch {
    // The tag has the name of a fallback index and is something else.
    return [];
  }
}
