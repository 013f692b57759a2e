/** Rows of a project that come back with it, in the order in which they are made again. */
export interface ArchivedTable {
  readonly name: string;
  /** The column that names the project, or the row of another archived table that the row belongs to. */
  readonly by: string;
  /** That other table; the project itself where none is given. */
  readonly of?: 'webhook_policy' | 'repository';
}

export const archivedTables: readonly ArchivedTable[] = [
  { name: 'project', by: 'id' },
  { name: 'project_metadata', by: 'project_id' },
  { name: 'cve_allowlist', by: 'project_id' },
  { name: 'member', by: 'project_id' },
  { name: 'repository_member', by: 'project_id' },
  { name: 'quota', by: 'project_id' },
  { name: 'label', by: 'project_id' },
  { name: 'robot', by: 'project_id' },
  { name: 'workload_identity', by: 'project_id' },
  { name: 'webhook_policy', by: 'project_id' },
  { name: 'webhook_target', by: 'policy_id', of: 'webhook_policy' },
  { name: 'immutable_rule', by: 'project_id' },
  { name: 'retention_policy', by: 'project_id' },
  { name: 'tiering_rule', by: 'project_id' },
  { name: 'job_schedule', by: 'project_id' },
  { name: 'repository', by: 'project_id' },
  { name: 'tag_change', by: 'repository_id', of: 'repository' },
];

/** Tables about projects whose rows go for good, stay by themselves, or are made by what comes back. */
export const otherTables: readonly string[] = [
  // Who did what stays, and so do the bin and its rows.
  'audit',
  'audit_segment_project',
  'deletion',
  'deleted_artifact',
  'outbox_event',
  // What ran is over; what a cluster runs it tells again.
  'execution',
  'running_report',
  // The account of a project that holds nothing.
  'project_blob',
  'project_manifest',
  'quota_ledger',
  // A project that is deleted holds none.
  'manifest',
];
