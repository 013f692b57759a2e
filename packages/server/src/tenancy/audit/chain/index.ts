export { type PurgeNote, toNote } from './purged.ts';
export { type AuditChain, createAuditChain } from './service.ts';
export { createChainStore } from './store.ts';
export type { Survey } from './survey.ts';
export type { Checkpoint, Purge, Verification } from './types.ts';
