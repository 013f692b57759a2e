import type { Eventually } from '#kernel/eventually';

/** A project as far as decisions and names need it. */
export interface Project {
  readonly id: number;
  readonly name: string;
  readonly public: boolean;
}

/** Where projects and roles are found. */
export interface ProjectLookup {
  find(name: string): Eventually<Project | undefined>;
  roleOf(projectId: number, userId: number): Eventually<number | undefined>;
}
