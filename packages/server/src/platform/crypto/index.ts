export { createPasswordHasher, type PasswordHasher } from './password.ts';
export { createSecretDigest } from './secret-key.ts';
