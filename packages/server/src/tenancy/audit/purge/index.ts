export { createPurgeHandler } from './job.ts';
export { createAuditPurge } from './purge.ts';
export { purgeRoutes } from './routes.ts';
export { createActionsOf, createAuditPurges } from './service.ts';
export { createPurgeStore } from './store.ts';
