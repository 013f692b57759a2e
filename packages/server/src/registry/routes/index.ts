export { blobRoutes } from './blob-routes.ts';
export { createDispatch } from './dispatch.ts';
export { listRoutes, registryRoutes } from './list-routes.ts';
export { manifestRoutes, type PulledManifest } from './manifest-routes.ts';
export type { DistributionRoute } from './route.ts';
export { uploadRoutes } from './upload-routes.ts';
