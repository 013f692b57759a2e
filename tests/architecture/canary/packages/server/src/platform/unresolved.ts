// canary: imports nothing-unresolved
// canary: types TS2307
export { nothing } from '@entrepot/oci/no-such-file';
