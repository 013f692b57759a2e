import type { Project } from '#tenancy/access';
import type { ProjectMetadata } from './metadata.ts';

/** A project as screens show it. */
export interface ProjectDetail extends Project {
  /** Undefined when the account is gone, or was none of a person. */
  readonly ownerId: number | undefined;
  readonly ownerName: string;
  /** All of them, `public` too. */
  readonly metadata: ProjectMetadata;
  /** Repositories that hold something. */
  readonly repositories: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}
