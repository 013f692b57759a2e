export { createExpiring, type Expiring } from './expiring.ts';
export { createLru, type Lru } from './lru.ts';
