export { builtInRoleName, createGiving, type Giving } from './giving.ts';
export { roleRoutes } from './routes.ts';
export { createRoles } from './service.ts';
export { createRoleStore, type RoleStore } from './store.ts';
export type { Entity } from './types.ts';
