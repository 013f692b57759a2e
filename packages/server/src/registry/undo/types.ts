import type { Digest } from '@entrepot/oci/digest';
import type { TagName } from '@entrepot/oci/tag';

/** What could not be brought back, and why. It stays in the bin until its time is over. */
export interface Left {
  readonly digest: Digest;
  readonly tag?: TagName;
  readonly reason: string;
}

/** What came of a restoration. */
export interface Restored {
  readonly artifacts: number;
  readonly tags: number;
  /** Artifacts and tags that were there by themselves. */
  readonly alreadyThere: number;
  readonly left: readonly Left[];
}

/** A manifest in the bin. */
export interface KeptArtifact {
  readonly id: number;
  readonly deletionId: number;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  readonly pushedAt: number;
  readonly pushedBy: string;
  readonly pulledAt: number;
  readonly totalSize: number;
}

export interface KeptTag {
  readonly deletionId: number;
  readonly name: TagName;
  readonly digest: Digest;
  readonly pushedAt: number;
  readonly pushedBy: string;
  readonly pulledAt: number;
}

export interface KeptBlob {
  readonly artifactId: number;
  readonly digest: Digest;
  readonly size: number;
  readonly damaged: boolean;
}
