export { createLdapAuthenticator } from './authenticator.ts';
export { createLdap, type Ldap } from './service.ts';
export type { LdapGroup, LdapPerson, LdapSettings } from './types.ts';
