export { createSessions, type Sessions } from './service.ts';
export { createSessionStore } from './store.ts';
export type { SessionSummary } from './types.ts';
