export { oidcManagedRoutes, oidcRoutes, showOidcMeta } from './oidc-routes.ts';
