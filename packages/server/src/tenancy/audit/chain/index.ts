export { type AuditChain, createAuditChain } from './service.ts';
export { createChainStore } from './store.ts';
export type { Checkpoint, Verification } from './types.ts';
