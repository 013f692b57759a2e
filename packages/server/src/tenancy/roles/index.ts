export { builtInRoleName, createGiving, type Giving } from './giving.ts';
export { createRoleStore, type RoleStore } from './store.ts';
export type { Entity, Role } from './types.ts';
