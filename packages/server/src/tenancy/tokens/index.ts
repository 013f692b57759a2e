export { createPasswordDoor, type PasswordDoor } from './password-door.ts';
export { createKeyRing } from './key-ring.ts';
export { createTokens, type Tokens } from './service.ts';
export { createSigningKeyStore } from './store.ts';
export { createTokenRoute } from './routes.ts';
