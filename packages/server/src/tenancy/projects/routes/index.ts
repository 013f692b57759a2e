export { metadataRoutes } from './metadata-routes.ts';
export { projectRoutes, type StorageUse } from './project-routes.ts';
