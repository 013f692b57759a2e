export { listReply } from './list-reply.ts';
export {
  type Authorize,
  type ManagedReply,
  type ManagedRoute,
  type RequestedProject,
  serve,
} from './managed-route.ts';
export { createManagement, type ManagementDeps } from './management.ts';
