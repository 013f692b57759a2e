import type { Generated } from 'kysely';

export interface GcReviewTable {
  at: number;
  blob_id: number;
  /** 0 asks for the blob as such. */
  repository_id: number;
}

export interface ManifestReviewTable {
  manifest_id: number;
  at: number;
}

/** Bytes that no row names any more. */
export interface TrashTable {
  id: Generated<number>;
  location: string;
  digest: string;
  size: number;
  at: number;
}

/** What was deleted at one stroke and can be had back. */
export interface DeletionTable {
  id: Generated<number>;
  kind: 'artifact' | 'tag' | 'repository' | 'project';
  project_id: number;
  project_name: string;
  repository: string | null;
  tag: string | null;
  digest: string | null;
  at: number;
  actor: string;
  expires_at: number;
  /** JSON. */
  detail: string | null;
}

export interface DeletedArtifactTable {
  id: Generated<number>;
  deletion_id: number;
  project_id: number;
  repository: string;
  digest: string;
  media_type: string;
  size: number;
  pushed_at: number;
  pushed_by: string;
  pulled_at: Generated<number>;
  total_size: Generated<number>;
  detail: string | null;
  /** `IMAGE`, `CHART` and so on. */
  type: Generated<string>;
  /** Digest of what it was attached to. */
  accessory_of: string | null;
}

/** A tag that went, with its manifest or alone. */
export interface DeletedTagTable {
  deletion_id: number;
  name: string;
  digest: string;
  pushed_at: number;
  pushed_by: string;
  pulled_at: Generated<number>;
}

export interface DeletedLabelTable {
  deleted_artifact_id: number;
  label_id: number;
  created_at: number;
}

/** A row of a deleted project. */
export interface DeletedProjectRowTable {
  id: Generated<number>;
  deletion_id: number;
  table_name: string;
  /** JSON. */
  content: string;
}

export interface DeletedArtifactBlobTable {
  deleted_artifact_id: number;
  blob_id: number;
}

export interface TagChangeTable {
  id: Generated<number>;
  repository_id: number;
  name: string;
  /** Null where there was no such tag before. */
  from_digest: string | null;
  /** Null where the tag was taken away. */
  to_digest: string | null;
  at: number;
  actor: string;
}

export interface LifecycleTables {
  gc_review: GcReviewTable;
  manifest_review: ManifestReviewTable;
  trash: TrashTable;
  deletion: DeletionTable;
  deleted_artifact: DeletedArtifactTable;
  deleted_artifact_blob: DeletedArtifactBlobTable;
  deleted_tag: DeletedTagTable;
  deleted_label: DeletedLabelTable;
  deleted_project_row: DeletedProjectRowTable;
  tag_change: TagChangeTable;
}
