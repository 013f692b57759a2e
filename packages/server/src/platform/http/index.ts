export { Exchange, type FlatHeaders, type Reply } from './exchange.ts';
export { createListener, listen, renewCertificates } from './listener.ts';
export { type ManagedRoute, serve } from './managed-route.ts';
export { createManagement } from './management.ts';
export { isFault, ociErrorReply, toRegistryError } from './oci-error.ts';
export { createFindOrigin, type FindOrigin, type Origin } from './origin.ts';
export { rangedReply } from './ranges-reply.ts';
export { send } from './send.ts';
