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

/** Rules about tags. */
export interface TagRuleTables {
  immutable_rule: ImmutableRuleTable;
}
