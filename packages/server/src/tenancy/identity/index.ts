export { createIdentity, type Identity } from './service.ts';
