export { assignmentRoutes } from './routes.ts';
export { createAssignments } from './service.ts';
export { createAssignmentStore } from './store.ts';
