import { type Digest, digestHex } from '@entrepot/oci/digest';

/** The digest as people tell digests apart: its first twelve digits. Never fails. */
export function shortDigest(digest: Digest): string {
  return digestHex(digest).slice(0, 12);
}
