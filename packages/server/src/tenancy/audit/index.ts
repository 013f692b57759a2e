export { type Audit, createAudit } from './service.ts';
export { createAuditStore } from './store.ts';
export type { AuditEntry } from './types.ts';
