export { createReferrers, type Referrers } from './service.ts';
export { createReferrerStore } from './store.ts';
