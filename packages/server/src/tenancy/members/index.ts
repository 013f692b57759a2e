export { memberRoutes } from './routes.ts';
export { createMembers } from './service.ts';
export { createMemberStore, type MemberStore } from './store.ts';
export { createSeek, type Seek } from './seek.ts';
export type { MemberSought } from './types.ts';
