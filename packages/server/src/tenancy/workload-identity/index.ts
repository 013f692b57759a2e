export { createWorkloadDoor } from './door.ts';
export { createWorkloadExchange, type WorkloadExchange } from './exchange.ts';
export { createWorkloadIdentities, type WorkloadIdentities } from './service.ts';
export { createWorkloadIdentityStore } from './store.ts';
export type { NewWorkloadIdentity, WorkloadIdentity, WorkloadIdentityChange } from './types.ts';
