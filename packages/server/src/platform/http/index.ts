export { Exchange, type FlatHeaders, type Reply } from './exchange.ts';
export { type ManagedRoute, serve } from './managed-route.ts';
export { createManagement } from './management.ts';
export { isFault, ociErrorReply, toRegistryError } from './oci-error.ts';
export type { FindOrigin, Origin } from './origin.ts';
export { rangedReply } from './ranges-reply.ts';
