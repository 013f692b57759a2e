// canary: imports nothing-unresolved
// canary: types TS2307
export { listLabels } from '#tenancy/users/service';
