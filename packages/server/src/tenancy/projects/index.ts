export { projectNameOf } from './rules.ts';
export { createProjects, type Projects } from './service.ts';
export { createProjectStore } from './store.ts';
export type { Project } from '#tenancy/access';
export { projectRoutes } from './routes.ts';
