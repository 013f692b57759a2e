import type { Generated } from 'kysely';

export interface RobotTable {
  id: Generated<number>;
  name: string;
  project_id: number | null;
  /** Behind the prefix: `team+builder`, or `builder` for a robot of the registry. */
  full_name: string;
  description: string;
  /** JSON: where it may what. */
  permissions: string;
  secret_hash: string;
  /** The secret before the last rotation, which goes on for a while. */
  previous_hash: string | null;
  previous_until: Generated<number>;
  disabled: Generated<number>;
  /** -1 for ever. */
  duration_days: number;
  expires_at: number | null;
  /** JSON: networks it may sign in from; everywhere when null. */
  addresses: string | null;
  /** JSON: patterns of repositories it is limited to; none when null. */
  repositories: string | null;
  /** Goes up when tokens it was given must stop working. */
  generation: Generated<number>;
  creator_type: 'local' | 'robot';
  creator_id: number;
  created_at: number;
  updated_at: number;
  last_used_at: number | null;
}

/** Keys of our own making that have to outlive the one they are sealed with. */
export interface NamedKeyTable {
  name: string;
  sealed: string;
  created_at: number;
}

export interface RobotTables {
  named_key: NamedKeyTable;
  robot: RobotTable;
}
