/** A stretch of rows and the hash over them and everything before them. */
export interface Segment {
  /** Counts from one, without gaps. */
  readonly number: number;
  readonly firstId: number;
  readonly lastId: number;
  readonly rows: number;
  /** Of this segment and all before it. */
  readonly rowsTotal: number;
  readonly hash: string;
}

/** A head of the chain that was written down and told to the log. */
export interface Checkpoint {
  readonly number: number;
  readonly rowsTotal: number;
  readonly hash: string;
  readonly at: number;
}

/** The first place where rows and chain disagree. */
export interface ChainFault {
  /** The ids of the rows in question, as the chain has them. */
  readonly firstId: number;
  readonly lastId: number;
  readonly reason: string;
}

/** What was taken out of the audit on purpose. */
export interface Purge {
  readonly id: number;
  readonly at: number;
  readonly actor: string;
  /** Rows of that moment and later stayed. */
  readonly cutoff: number;
  /** The actions whose rows went; empty for all. */
  readonly actions: readonly string[];
  /** The number of the last segment that was gone through; the last id in it, and its hash. */
  readonly through: number;
  readonly lastId: number;
  readonly head: string;
  /** Rows that this purge took. */
  readonly removed: number;
  /** What it left of the rows up to `lastId`, those that earlier ones left included, and the hash over it. */
  readonly keptRows: number;
  readonly keptHash: string;
  /** False while rows that may go are still there. */
  readonly finished: boolean;
}

export interface Verification {
  /** Rows that are there and that the chain vouches for. */
  readonly rows: number;
  /** Rows that were purged, as the chain itself tells. */
  readonly purgedRows: number;
  /** The purges that did it, the newest first. */
  readonly purges: readonly Purge[];
  /** The hash over all of them; all zeros while there are none. */
  readonly head: string;
  readonly verified: boolean;
  readonly firstBad?: ChainFault;
  /** Rows that came while this was looked at, and are not chained yet. */
  readonly unchained: number;
}
