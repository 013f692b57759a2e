export { createTagStore, type TagStore } from './store.ts';
