// canary: sound
export type { Route } from '@entrepot/contract/route';
export { http } from '#platform/http';
