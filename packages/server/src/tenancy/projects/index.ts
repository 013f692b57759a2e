export { createProjectReadModel } from './read-model.ts';
export { projectNameOf } from './rules.ts';
export { createProjects, type Projects, type ProjectsDeps, type StorageLimits } from './service.ts';
export { createProjectStore } from './store.ts';
export type { ProjectDetail } from './types.ts';
export type { Project } from '#tenancy/access';
