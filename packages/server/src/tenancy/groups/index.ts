export { localGroupRoutes, userGroupRoutes } from './routes.ts';
export { createGroups } from './service.ts';
export { createGroupStore, type GroupStore } from './store.ts';
export { groupTypes } from './types.ts';
