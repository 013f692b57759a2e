export { createFolding } from './folding.ts';
export { createQuotaPolicy } from './policy.ts';
export { createQuotaReadModel } from './read-model.ts';
export { quotaRoutes } from './routes.ts';
export { createQuotas, createStorageLimits } from './service.ts';
export { createQuotaStore } from './store.ts';
