export { createMemberStore, type MemberStore } from './store.ts';
