export { createKeyRing, type KeyRing } from './key-ring.ts';
export { createTokens, type IssuedToken, type Tokens } from './service.ts';
export { createSigningKeyStore } from './store.ts';
export { createTokenRoute } from './routes.ts';
