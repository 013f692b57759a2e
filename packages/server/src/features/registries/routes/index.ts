export { registryEndpointRoutes } from './registry-endpoint-routes.ts';
