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
