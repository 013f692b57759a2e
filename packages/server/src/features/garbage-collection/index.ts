export { createCollection } from './collect.ts';
export { createCollectionHandler } from './job.ts';
export { collectionRoutes } from './routes.ts';
export { createCollections } from './service.ts';
