// canary: imports oci-imports-nothing-of-ours
export type { Permission } from '@entrepot/contract/permissions';
