export { parseJson } from './discovery.ts';
export { createIssuers, type Issuers, peek } from './issuers.ts';
export { readKeySet } from './key-source.ts';
export type { IssuerAddress, IssuerMetadata, TokenClaims } from './types.ts';
