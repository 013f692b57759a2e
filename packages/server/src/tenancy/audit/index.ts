export { type AuditAction, auditActions } from './actions.ts';
export { createAuditReads } from './read-model.ts';
export { auditRoutes } from './routes.ts';
export { createFindAuditScope } from './scope.ts';
export { type Audit, createAudit, type Refusal } from './service.ts';
export { createAuditStore } from './store.ts';
export type { AuditEntry } from './types.ts';
