// canary: imports http-lives-in-routes
export type { Route } from '@entrepot/contract/route';
