/** An artifact, as far as it takes to find what belongs to it. */
export interface Whole {
  readonly id: number;
  readonly repositoryId: number;
  readonly repository: string;
  readonly digest: string;
}

export interface ArtifactTag {
  readonly id: number;
  readonly repositoryId: number;
  readonly artifactId: number;
  readonly name: string;
  readonly pushedAt: number;
  readonly pulledAt: number;
}

/** A part of an index, as the index describes it. */
export interface ArtifactChild {
  readonly parentId: number;
  /** Undefined while the repository does not hold it. */
  readonly childId: number | undefined;
  readonly digest: string;
  readonly platform: Readonly<Record<string, unknown>> | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly urls: readonly string[] | undefined;
}

/** What is attached to an artifact. */
export interface Accessory {
  readonly id: number;
  readonly subjectId: number;
  readonly subjectDigest: string;
  readonly repository: string;
  readonly digest: string;
  readonly size: number;
  readonly type: string;
  readonly pushedAt: number;
}

export interface Found<T> {
  readonly entries: readonly T[];
  readonly total: number;
}
