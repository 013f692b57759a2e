export { createExpiredStore, type ExpiredStore } from './store.ts';
