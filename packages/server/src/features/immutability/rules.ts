import { isAttachedTag } from '@entrepot/oci/attached-tag';
import { RegistryError } from '#kernel/errors';
import { createSelection } from '#kernel/name-selectors';
import type { TagGuard } from '#registry/ports';
import type { NewImmutableRule, RuleSelectors } from './types.ts';

/** Harbor's limit. */
export const mostRules = 15;

/** Fails with `body-invalid`: a rule that names no tags would be taken for one that names all. */
export function assertRule(rule: NewImmutableRule): void {
  if (rule.selectors.tags.length > 0) return;
  throw new RegistryError('body-invalid', 'body.tag_selectors: at least one is needed; ** stands for every tag.');
}

/**
 * What the rules keep together; undefined when they keep nothing. Tags that tools write beside an image are free: a
 * signature that comes later has to find its place.
 */
export function guardBy(rules: readonly RuleSelectors[]): TagGuard | undefined {
  if (rules.length === 0) return undefined;
  const guards = rules.map(({ tags, repositories }) => ({
    inRepository: createSelection(repositories),
    hasTag: createSelection(tags),
  }));
  return {
    keeps(repository, tag) {
      if (isAttachedTag(tag)) return false;
      const name = repository.slice(repository.indexOf('/') + 1);
      return guards.some(({ inRepository, hasTag }) => inRepository(name) && hasTag(tag));
    },
  };
}
