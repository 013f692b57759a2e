export { repositoryRoutes } from './repository-routes.ts';
