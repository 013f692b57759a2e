export { createExpiring } from './expiring.ts';
export { createLru } from './lru.ts';
