export { actionsByEvent, type AuditAction } from './actions.ts';
export { createAuditReads } from './read-model.ts';
export { auditRoutes } from './routes.ts';
export { createFindAuditScope } from './scope.ts';
export { type Audit, createAudit } from './service.ts';
export { createAuditStore } from './store.ts';
