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

export interface Verification {
  /** Rows that the chain vouches for. */
  readonly rows: number;
  /** The hash over all of them; all zeros while there are none. */
  readonly head: string;
  readonly verified: boolean;
  readonly firstBad?: ChainFault;
  /** Rows that came while this was looked at, and are not chained yet. */
  readonly unchained: number;
}
