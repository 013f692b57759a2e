/** Amounts of what a project may hold, or holds. */
export type Amounts = {
  /** Bytes: every blob and manifest of the project once. */
  readonly storage: number;
  /** Artifacts: the manifests that lists show. */
  readonly count: number;
};

/** How much a project may store, as administrators see it. */
export interface Quota {
  readonly id: number;
  readonly project: { readonly id: number; readonly name: string; readonly ownerName: string };
  /** -1 is no limit. */
  readonly hard: Amounts;
  readonly used: Amounts;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Usage {
  readonly hard: Amounts;
  readonly used: Amounts;
  /** Rows of the ledger that are not folded yet. */
  readonly pending: number;
  /** Whether it was told already that the project is nearly full, or that it refused a push. */
  readonly warned: boolean;
  readonly exceeded: boolean;
}

/** What a project holds, seen from several sides. Sizes are bytes. */
export interface Holdings {
  readonly hard: Amounts;
  /** What it takes, shared content once: what the limit is about. */
  readonly unique: number;
  /** What its artifacts would take without sharing. */
  readonly logical: number;
  /** What other projects hold as well: to delete the project would not free it. */
  readonly shared: number;
  readonly blobs: number;
  readonly manifests: number;
  /** Manifests that lists show: what the limit on artifacts is about. */
  readonly artifacts: number;
  /** Arrived bytes of uploads under way. */
  readonly arriving: number;
}

export interface Recount {
  /** What the running figures said. */
  readonly counted: Amounts;
  /** What is there. */
  readonly found: Amounts;
}
