export { createGroupStore, type GroupStore } from './store.ts';
export { groupTypes } from './types.ts';
