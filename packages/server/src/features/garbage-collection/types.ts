import type { Amount, UnheldManifest } from '#registry/collection';

/** How long what nobody needs is kept in each stage, in milliseconds. */
export interface Ages {
  readonly graceMs: number;
  readonly condemnedMs: number;
  readonly trashMs: number;
}

export interface CollectionOptions {
  /** Whether artifacts that nothing holds go as well. */
  readonly untagged: boolean;
  /** Whether it is only told what would go. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** A line for who reads what was done. */
  readonly log: (line: string) => void;
  /** How far it is. */
  readonly report: (progress: string) => void;
}

/** What one collection did, or would do. */
export interface Collected {
  /** Deletions that can be undone no more. */
  readonly expired: Amount;
  /** Artifacts that nothing held. */
  readonly artifacts: Amount;
  /** Blobs taken out of repositories that had no use for them. */
  readonly unlinked: number;
  /** Blobs that nothing refers to, from now on waiting to be removed. */
  readonly condemned: number;
  /** Blobs removed; their bytes wait in the trash. */
  readonly removed: Amount;
  /** Bytes given back to the store. */
  readonly freed: Amount;
}

export interface Sources {
  /** Removes some deletions whose time is over; zero when there are none left. */
  readonly expireDeletions: (limit: number) => Promise<Amount>;
  /** Deletes the artifact unless something holds it meanwhile. Answers whether it is gone. */
  readonly deleteUnheld: (manifest: UnheldManifest) => Promise<boolean>;
}
