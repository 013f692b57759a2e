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

export interface AuditTables {
  audit: AuditTable;
  audit_segment: AuditSegmentTable;
  audit_checkpoint: AuditCheckpointTable;
  audit_segment_project: AuditSegmentProjectTable;
}
