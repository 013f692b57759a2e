import type { NameSelector } from '#kernel/name-selectors';

/** Which tags in which repositories. All selectors of a list have to agree. */
export interface RuleSelectors {
  readonly tags: readonly NameSelector[];
  /** Of names within the project; none chooses every repository. */
  readonly repositories: readonly NameSelector[];
}

export interface NewImmutableRule {
  readonly selectors: RuleSelectors;
  readonly disabled: boolean;
  readonly priority: number;
}

export interface ImmutableRule extends NewImmutableRule {
  readonly id: number;
  readonly projectId: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}
