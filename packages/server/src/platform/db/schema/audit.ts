import type { Generated } from 'kysely';

export interface AuditTable {
  id: Generated<number>;
  at: number;
  actor: string;
  actor_id: number | null;
  address: string;
  request_id: string;
  action: string;
  project_id: number | null;
  resource: string;
  digest: string | null;
  outcome: string;
  detail: string | null;
}

/** A stretch of audit rows, hashed together with the hash of the stretch before it. */
export interface AuditSegmentTable {
  number: number;
  first_id: number;
  last_id: number;
  row_count: number;
  /** Of this stretch and all before it. */
  rows_total: number;
  hash: string;
}

/** A head of the chain that was told to the log. */
export interface AuditCheckpointTable {
  /** The segment's. */
  number: number;
  rows_total: number;
  hash: string;
  at: number;
}

/** How many rows of a project a segment holds. */
export interface AuditSegmentProjectTable {
  project_id: number;
  number: number;
  row_count: number;
  /** Of this segment and all before it. */
  rows_total: number;
}

/** What was taken out of the audit. */
export interface AuditPurgeTable {
  id: Generated<number>;
  at: number;
  actor: string;
  /** Rows of that moment and later stayed. */
  cutoff: number;
  /** `,a,b,`: the actions whose rows went; empty for all. */
  actions: string;
  /** The last segment of the chain that was gone through, with its last row and its hash. */
  through: number;
  last_id: number;
  head: string;
  /** Rows that this purge took. */
  removed: number;
  /** What is left up to `last_id`, and the hash over it. */
  kept_rows: number;
  kept_hash: string;
  finished: Generated<number>;
}

export interface AuditTables {
  audit: AuditTable;
  audit_segment: AuditSegmentTable;
  audit_checkpoint: AuditCheckpointTable;
  audit_purge: AuditPurgeTable;
  audit_segment_project: AuditSegmentProjectTable;
}
