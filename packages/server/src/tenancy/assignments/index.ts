export { assignmentRoutes } from './routes.ts';
export { createAssignments, type Assignments } from './service.ts';
export { createAssignmentStore } from './store.ts';
