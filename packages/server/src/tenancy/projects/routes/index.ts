export { metadataRoutes } from './metadata-routes.ts';
export { projectRoutes } from './project-routes.ts';
