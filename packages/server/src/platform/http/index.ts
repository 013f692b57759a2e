export { Exchange, type FlatHeaders, type Reply } from './exchange.ts';
export { isFault, ociErrorReply, toRegistryError } from './oci-error.ts';
export type { FindOrigin, Origin } from './origin.ts';
export { problemTable } from './problem-table.ts';
export { rangedReply } from './ranges-reply.ts';
export { requestIdOf } from './request-id.ts';
