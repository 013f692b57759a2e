export { createSearchReadModel } from './read-model.ts';
export { searchRoutes } from './routes.ts';
