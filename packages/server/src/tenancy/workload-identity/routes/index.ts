export { createExchangeRoute, tokenExchangeGrant } from './exchange-route.ts';
export { workloadIdentityRoutes } from './workload-identity-routes.ts';
