export { toNote } from './purged.ts';
export { type AuditChain, createAuditChain } from './service.ts';
export { createChainStore } from './store.ts';
export type { Checkpoint, Purge, Verification } from './types.ts';
