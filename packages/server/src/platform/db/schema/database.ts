import type { Generated } from 'kysely';
import type { ArtifactTables } from './artifacts.ts';
import type { AuditTables } from './audit.ts';
import type { BackupTables } from './backup.ts';
import type { JobTables } from './jobs.ts';
import type { LifecycleTables } from './lifecycle.ts';
import type { OutsideTables } from './outside.ts';
import type { PeopleTables } from './people.ts';
import type { QuotaTables } from './quotas.ts';
import type { RobotTables } from './robots.ts';
import type { SettingTables } from './settings.ts';
import type { SignInTables } from './sign-in.ts';
import type { StorageCareTables } from './storage-care.ts';
import type { TagRuleTables } from './tag-rules.ts';

/** Times are milliseconds since the Unix epoch, flags are 0 or 1, on both databases. */
export interface LoginFailureTable {
  id: Generated<number>;
  user_name: string;
  address: string;
  failed_at: number;
}

export interface ProjectTable {
  id: Generated<number>;
  name: string;
  public: number;
  owner_id: number | null;
  /** Kept when the account is gone. */
  owner_name: Generated<string>;
  created_at: number;
  updated_at: number;
}

export interface RepositoryTable {
  id: Generated<number>;
  project_id: number;
  name: string;
  created_at: number;
  description: Generated<string>;
  pull_count: Generated<number>;
  updated_at: Generated<number>;
  /** Whether it holds a manifest. */
  held: Generated<number>;
  /** Whether nothing of it is ever deleted but by hand. */
  pinned: Generated<number>;
}

export interface BlobTable {
  id: Generated<number>;
  digest: string;
  size: number;
  location: string;
  created_at: number;
  /** When somebody last relied on the blob being here: upload, mount, HEAD, manifest. Collection reads it. */
  touched_at: number;
  /** Since when it waits to be removed; null while it lives. */
  condemned_at: Generated<number | null>;
  /** Since when its bytes are known to be wrong; null while they are not. */
  damaged_at: Generated<number | null>;
  /** When its bytes were last read and found right. */
  checked_at: Generated<number>;
}

export interface RepositoryBlobTable {
  repository_id: number;
  blob_id: number;
  created_at: number;
  /** Whether the last manifest that needed it here is gone. */
  loose: Generated<number>;
}

export interface ManifestContentTable {
  digest: string;
  content: Uint8Array;
  /** When it was last hashed and found right; 0 for never. */
  checked_at: Generated<number>;
  /** Since when it is known to be wrong; null while it is not. */
  damaged_at: Generated<number | null>;
}

export interface ManifestTable {
  id: Generated<number>;
  repository_id: number;
  digest: string;
  media_type: string;
  size: number;
  artifact_type: string | null;
  subject_digest: string | null;
  /** JSON of the manifest's annotations, kept only where a referrers list will show them. */
  annotations: string | null;
  pushed_at: number;
  pushed_by: string;
  /** Of its repository, for lists of a whole project. */
  project_id: Generated<number | null>;
  /** `IMAGE`, `CHART` and so on; empty until it is described. */
  type: Generated<string>;
  /** Media type of its config; its own where it has none. */
  config_type: Generated<string>;
  /** With config and layers, or with the manifests of an index. */
  total_size: Generated<number>;
  /** 0 when nobody pulled it yet. */
  pulled_at: Generated<number>;
  /** Whether lists show it: neither a part of an index alone nor attached to another artifact. */
  listed: Generated<number>;
  described: Generated<number>;
  /** Digest of what it is attached to, which may not be there. */
  accessory_of: Generated<string | null>;
  accessory_type: Generated<string | null>;
}

export interface ManifestBlobTable {
  manifest_id: number;
  blob_id: number;
  /** Of the manifest. */
  repository_id: number;
}

/** A layer that the manifest names and the repository does not hold yet; becomes a `manifest_blob` when it arrives. */
export interface ManifestMissingTable {
  manifest_id: number;
  digest: string;
}

export interface ManifestChildTable {
  manifest_id: number;
  digest: string;
  /** Its place in the index. */
  position: Generated<number>;
  /** JSON of what the index says of it: platform, annotations, urls. */
  detail: Generated<string | null>;
}

export interface TagTable {
  id: Generated<number>;
  repository_id: number;
  name: string;
  manifest_id: number;
  pushed_at: number;
  pushed_by: string;
  /** 0 when nobody pulled by it yet. */
  pulled_at: Generated<number>;
}

export interface UploadTable {
  id: string;
  repository_id: number;
  /** Who began it, as `user:7` or `anonymous`: nobody else continues it. */
  owner: string;
  algorithm: string;
  size: number;
  stage: string;
  created_at: number;
  touched_at: number;
  /** Until when one request holds the upload, and which: two writers never interleave. */
  locked_until: number;
  lock_id: string | null;
}

/** Staged bytes of an upload that is gone with its project. */
export interface AbandonedStageTable {
  id: string;
  stage: string;
  /** Until when the request that had the upload may still write to them. */
  held_until: number;
}

export interface SigningKeyTable {
  kid: string;
  private_jwk: string;
  created_at: number;
}

export interface Database
  extends ArtifactTables,
    AuditTables,
    BackupTables,
    JobTables,
    LifecycleTables,
    OutsideTables,
    PeopleTables,
    QuotaTables,
    RobotTables,
    SettingTables,
    SignInTables,
    StorageCareTables,
    TagRuleTables {
  login_failure: LoginFailureTable;
  project: ProjectTable;
  repository: RepositoryTable;
  blob: BlobTable;
  repository_blob: RepositoryBlobTable;
  manifest_content: ManifestContentTable;
  manifest: ManifestTable;
  manifest_blob: ManifestBlobTable;
  manifest_missing: ManifestMissingTable;
  manifest_child: ManifestChildTable;
  tag: TagTable;
  upload: UploadTable;
  abandoned_stage: AbandonedStageTable;
  signing_key: SigningKeyTable;
}
