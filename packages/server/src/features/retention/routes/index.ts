export { retentionRoutes } from './retention-routes.ts';
export { retentionExtraRoutes } from './simulation-routes.ts';
