import type { Generated } from 'kysely';

/** Which tags of a project neither move nor go. */
export interface ImmutableRuleTable {
  id: Generated<number>;
  project_id: number;
  /** Hash of the selectors: the same rule is there once. */
  selectors_key: string;
  /** JSON: `{tags, repositories}`. */
  selectors: string;
  disabled: number;
  priority: number;
  created_at: number;
  updated_at: number;
}

/** What of a project is kept; one at most. */
export interface RetentionPolicyTable {
  id: Generated<number>;
  project_id: number;
  /** JSON. */
  rules: string;
  /** Empty when it runs by hand only. */
  cron: string;
  created_at: number;
  updated_at: number;
}

/** The last that a cluster said it runs. */
export interface RunningReportTable {
  id: Generated<number>;
  project_id: number;
  cluster: string;
  reported_at: number;
}

export interface RunningImageTable {
  id: Generated<number>;
  report_id: number;
  /** With its project's name; null where only the digest is known. */
  repository: string | null;
  tag: string | null;
  digest: string | null;
}

/** Rules about tags. */
export interface TagRuleTables {
  immutable_rule: ImmutableRuleTable;
  retention_policy: RetentionPolicyTable;
  running_report: RunningReportTable;
  running_image: RunningImageTable;
}
