/** How much a project may store, as administrators see it. */
export interface Quota {
  readonly id: number;
  readonly project: { readonly id: number; readonly name: string; readonly ownerName: string };
  /** In bytes; -1 is no limit. */
  readonly hard: number;
  /** In bytes: every blob and manifest of the project once. */
  readonly used: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Usage {
  readonly hard: number;
  readonly used: number;
  /** Rows of the ledger that are not folded yet. */
  readonly pending: number;
  /** Whether it was told already that the project is nearly full, or that it refused a push. */
  readonly warned: boolean;
  readonly exceeded: boolean;
}

/** What a project holds, seen from several sides. Sizes are bytes. */
export interface Holdings {
  readonly hard: number;
  /** What it takes, shared content once: what the limit is about. */
  readonly unique: number;
  /** What its artifacts would take without sharing. */
  readonly logical: number;
  readonly blobs: number;
  readonly manifests: number;
  /** Manifests that lists show. */
  readonly artifacts: number;
  /** Arrived bytes of uploads under way. */
  readonly arriving: number;
}

export interface Recount {
  /** What the running figure said. */
  readonly counted: number;
  /** What is there. */
  readonly found: number;
}
