import type { Generated } from 'kysely';

/** What is long in the description of a manifest, beside its row. */
export interface ManifestDetailTable {
  manifest_id: number;
  /** JSON: what the config says, in the fields that lists show. */
  extra_attrs: string | null;
  /** JSON of the manifest's own annotations. */
  annotations: string | null;
}

export interface LabelTable {
  id: Generated<number>;
  name: string;
  description: string;
  color: string;
  /** Null where it is for the whole registry. */
  project_id: number | null;
  created_at: number;
  updated_at: number;
}

export interface ArtifactLabelTable {
  manifest_id: number;
  label_id: number;
  created_at: number;
}

export interface ArtifactTables {
  manifest_detail: ManifestDetailTable;
  label: LabelTable;
  artifact_label: ArtifactLabelTable;
}
