export { oidcManagedRoutes, oidcRoutes } from './oidc-routes.ts';
