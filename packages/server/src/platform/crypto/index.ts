export { createKeyedHash, type KeyedHash } from './keyed-hash.ts';
export { createPasswordHasher, type PasswordHasher } from './password.ts';
export {
  createSecretBox,
  isSealed,
  parseSecretKey,
  type SecretBox,
  sealedPrefix,
  SecretUnusable,
} from './secret-box.ts';
export { createSecretDigest } from './secret-digest.ts';
export { openSecretKeys } from './secret-keys.ts';
