import type { Generated } from 'kysely';

/** How much a project may store and stores. Made with its project, by a trigger. */
export interface QuotaTable {
  id: Generated<number>;
  project_id: number;
  /** In bytes; -1 is no limit. */
  hard: number;
  /** In bytes, without what is still in the ledger. */
  used: Generated<number>;
  /** Artifacts; -1 is no limit. */
  hard_count: Generated<number>;
  /** Artifacts that lists show, without what is still in the ledger. */
  used_count: Generated<number>;
  /** Whether it was told that the project is nearly full, or refused a push; both fall when there is room again. */
  warned: Generated<number>;
  exceeded: Generated<number>;
  created_at: number;
  updated_at: number;
}

/** A blob that some repository of the project holds. Triggers of `repository_blob` write it; nobody else does. */
export interface ProjectBlobTable {
  project_id: number;
  blob_id: number;
  size: number;
}

/** The content of a manifest that some repository of the project holds. Triggers of `manifest` write it. */
export interface ProjectManifestTable {
  project_id: number;
  digest: string;
  size: number;
}

/** What came to a project and went since its `quota.used` was last brought up to date. */
export interface QuotaLedgerTable {
  id: Generated<number>;
  project_id: number;
  delta: number;
  /** Artifacts. Triggers of `manifest` write it. */
  count_delta: Generated<number>;
}

export interface QuotaTables {
  quota: QuotaTable;
  project_blob: ProjectBlobTable;
  project_manifest: ProjectManifestTable;
  quota_ledger: QuotaLedgerTable;
}
