import { RegistryError } from '#kernel/errors';
import type { Condition, SortKey } from '#kernel/list-query';
import { type AuditAction, findActions } from './actions.ts';
import type { AuditScope } from './types.ts';

export interface ActionCondition {
  readonly actions: readonly AuditAction[];
}

const invalid = (message: string) => new RegistryError('query-invalid', message);

function namePredicate(condition: Condition): (name: string) => boolean {
  switch (condition.kind) {
    case 'is':
      return (name) => name === condition.value;
    case 'like':
      return (name) => name.includes(condition.value.toLowerCase());
    case 'any':
      return (name) => condition.values.includes(name);
    case 'all':
      return (name) => condition.values.every((value) => value === name);
    case 'between':
      throw invalid(`query.q: ${condition.field} takes a name, not a range.`);
    default:
      return condition satisfies never;
  }
}

const parts = { operation: 'operation', resource_type: 'resourceType' } as const;

/** Conditions on what was done are conditions on the action; the others are left. */
export function readActions(conditions: readonly Condition[]): {
  readonly actions: ActionCondition | undefined;
  readonly others: readonly Condition[];
} {
  const about = conditions.filter(({ field }) => Object.hasOwn(parts, field));
  if (about.length === 0) return { actions: undefined, others: conditions };
  const [first = [], ...more] = about.map((condition) =>
    findActions(parts[condition.field as keyof typeof parts], namePredicate(condition)),
  );
  const actions = first.filter((action) => more.every((others) => others.includes(action)));
  return { actions: { actions }, others: conditions.filter((condition) => !about.includes(condition)) };
}

/** `operation_result=true` is what succeeded. */
export function readOutcome(conditions: readonly Condition[]): {
  readonly outcome: 'success' | 'failure' | undefined;
  readonly plain: readonly Condition[];
} {
  const about = conditions.find(({ field }) => field === 'operation_result');
  if (about === undefined) return { outcome: undefined, plain: conditions };
  if (about.kind !== 'is' || !/^(?:true|false|0|1)$/.test(about.value)) {
    throw invalid('query.q: operation_result takes true or false.');
  }
  const outcome = about.value === 'true' || about.value === '1' ? 'success' : 'failure';
  return { outcome, plain: conditions.filter((condition) => condition !== about) };
}

/**
 * Whether the newest come first, which they do unless asked otherwise. There is one order, that of writing: a row that
 * was noted with others follows what was written since its moment, half a second later at most.
 */
export function describeSort(sort: readonly SortKey[]): boolean {
  for (const { field } of sort) {
    if (field !== 'id' && field !== 'op_time') {
      throw invalid(`query.sort: there is no order by ${field} here; there are id, op_time.`);
    }
  }
  return sort[0]?.descending ?? true;
}

/**
 * What picks the rows, where it is what the segments of the chain are kept by: nothing at all (`every`) or one project.
 * Undefined where it takes a look at the rows themselves.
 */
export function soleKey(scope: AuditScope, conditions: readonly Condition[]): 'every' | number | undefined {
  if (conditions.length > 0 || scope.kind === 'every-project') return undefined;
  if (scope.kind === 'all') return 'every';
  return scope.projectIds.length === 1 ? scope.projectIds[0] : undefined;
}
