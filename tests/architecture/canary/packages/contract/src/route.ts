// canary: sound
import type { Digest } from '@entrepot/oci/digest';
import type { Permission } from '#src/permissions';

export interface Route {
  readonly permission: Permission;
  readonly digest: Digest;
}
