export { type AuditAction, auditActions } from './actions.ts';
export { type Audit, createAudit, type Refusal } from './service.ts';
export { createAuditStore } from './store.ts';
