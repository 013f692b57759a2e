import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { TagName } from '@entrepot/oci/tag';

export type DeletionKind = 'artifact' | 'tag' | 'repository' | 'project';

/** What went at one stroke and can be had back. Times are milliseconds since the Unix epoch. */
export interface Deletion {
  readonly id: number;
  readonly kind: DeletionKind;
  readonly projectId: number;
  /** As it was called. */
  readonly projectName: string;
  /** With its project's. */
  readonly repository: RepositoryName | undefined;
  readonly tag: TagName | undefined;
  readonly digest: Digest | undefined;
  readonly at: number;
  readonly by: string;
  readonly expiresAt: number;
}

/** With how much of it is still in the bin. */
export interface DeletionOverview extends Deletion {
  readonly artifacts: number;
  readonly tags: number;
  /** Bytes of the artifacts with their layers; what they share counts for each. */
  readonly size: number;
}
