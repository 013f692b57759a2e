export { immutableRuleRoutes } from './routes.ts';
export { createImmutability, createImmutableRules } from './service.ts';
export { createImmutableRuleStore } from './store.ts';
