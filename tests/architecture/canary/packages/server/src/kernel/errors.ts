// canary: sound
import type { Digest } from '@entrepot/oci/digest';

export type Found = Digest;
