import type { Digest } from '@entrepot/oci/digest';

/** A manifest as lists show it. Times are milliseconds since the Unix epoch, 0 for never; sizes are bytes. */
export interface Artifact {
  readonly id: number;
  readonly projectId: number;
  readonly repositoryId: number;
  /** With its project's name. */
  readonly repository: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType: string | undefined;
  readonly type: string;
  readonly configType: string;
  readonly size: number;
  readonly pushedAt: number;
  readonly pulledAt: number;
  readonly described: boolean;
  readonly extraAttrs: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** Which artifacts: those of a repository, or of all repositories of a project. */
export type ArtifactScope =
  | { readonly kind: 'repository'; readonly repositoryId: number }
  | { readonly kind: 'project'; readonly projectId: number; readonly latestOnly: boolean };
