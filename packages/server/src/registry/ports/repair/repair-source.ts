import type { Readable } from 'node:stream';
import type { Digest } from '@entrepot/oci/digest';

/** Content that is wrong here and may be right elsewhere. */
export interface WantedContent {
  readonly kind: 'blob' | 'manifest';
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  /** Repositories that hold it here, by full name: it may lie under the same names elsewhere. */
  readonly repositories: readonly string[];
}

/** A place outside that may have what was damaged here: a registry, a peer. It is not trusted; the digest is. */
export interface RepairSource {
  /** What it is, for the record of a repair. */
  readonly name: string;
  /** Its bytes, unverified, or undefined when it has none or does not answer. Does not reject but with the signal. */
  find(wanted: WantedContent, signal: AbortSignal): Promise<Readable | undefined>;
}
