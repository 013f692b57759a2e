export { createLdapAuthenticator } from './authenticator.ts';
export { ldapRoutes } from './routes.ts';
export { createLdap } from './service.ts';
export { type LdapConfigurations, toLdapSettings } from './settings.ts';
