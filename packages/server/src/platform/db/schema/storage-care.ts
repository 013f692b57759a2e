import type { Generated } from 'kysely';

/** Bytes that were found wrong. */
export interface StorageDamageTable {
  id: Generated<number>;
  kind: 'blob' | 'manifest';
  digest: string;
  size: number;
  /** Where they lay; empty for a manifest, whose bytes are in the database. */
  location: string;
  reason: 'missing' | 'size' | 'bytes' | 'unreadable';
  /** The digest of what lay there, where something did. */
  actual: string | null;
  found_at: number;
  mended_at: number | null;
  /** Where the good bytes came from. */
  mended_by: string | null;
}

export interface StorageMarkTable {
  name: string;
  at: number;
  /** JSON. */
  detail: string;
}

/** What a project wants otherwise; null is as in the whole registry. */
export interface TieringRuleTable {
  project_id: number;
  enabled: number;
  after_ms: number | null;
  min_size: number | null;
  updated_at: number;
}

export interface StorageCareTables {
  storage_damage: StorageDamageTable;
  storage_mark: StorageMarkTable;
  tiering_rule: TieringRuleTable;
}
