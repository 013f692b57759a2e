import { RegistryError } from '#kernel/errors';
import type { NameSelector } from '#kernel/name-selectors';
import type { RetentionRule, TagSelector } from '#features/retention';

interface GivenSelector {
  readonly decoration?: string | null | undefined;
  readonly pattern: string;
  readonly extras?: string | null | undefined;
}

/** A rule as clients send it. */
export interface GivenRule {
  readonly priority?: number | null | undefined;
  readonly disabled?: boolean | null | undefined;
  readonly template?: string | null | undefined;
  readonly params?: Readonly<Record<string, number | string | null>> | null | undefined;
  readonly tag_selectors?: readonly GivenSelector[] | null | undefined;
  readonly scope_selectors?: { readonly repository?: readonly GivenSelector[] | null | undefined } | null | undefined;
}

export function readRules(given: readonly GivenRule[] | null | undefined): RetentionRule[] {
  return (given ?? []).map((rule, at) => ({
    disabled: rule.disabled ?? false,
    priority: rule.priority ?? 0,
    template: rule.template ?? '',
    params: readParams(rule),
    tags: (rule.tag_selectors ?? []).map((one, place) => readTags(one, `rules.${at}.tag_selectors.${place}`)),
    repositories: (rule.scope_selectors?.repository ?? []).map(readName),
  }));
}

/** Some clients send every field they know: what is null says nothing, and `always` has no value. */
function readParams({ params }: GivenRule): Record<string, number | string> {
  const said = Object.entries(params ?? {}).filter(
    (entry): entry is [string, number | string] => entry[1] !== null && entry[1] !== '',
  );
  return Object.fromEntries(said);
}

const kindOf = ({ decoration }: GivenSelector) => (/excludes$/i.test(decoration ?? '') ? 'excludes' : 'matches');

const readName = (given: GivenSelector): NameSelector => ({ kind: kindOf(given), pattern: given.pattern });

function readTags(given: GivenSelector, field: string): TagSelector {
  const kind = kindOf(given);
  // As Harbor does where nothing is said.
  const fallback = kind === 'matches';
  return { kind, pattern: given.pattern, untagged: readUntagged(given.extras, field) ?? fallback };
}

function readUntagged(extras: string | null | undefined, field: string): boolean | undefined {
  if (extras === undefined || extras === null || extras === '') return undefined;
  let said: unknown;
  try {
    said = JSON.parse(extras);
  } catch {
    said = undefined;
  }
  if (typeof said !== 'object' || said === null) {
    throw new RegistryError('body-invalid', `body.${field}.extras: expected JSON such as {"untagged":true}.`);
  }
  return 'untagged' in said ? said.untagged === true : undefined;
}

export function showRule(rule: RetentionRule, at: number) {
  return {
    id: at + 1,
    priority: rule.priority,
    disabled: rule.disabled,
    action: 'retain',
    template: rule.template,
    params: rule.params,
    tag_selectors: rule.tags.map(({ kind, pattern, untagged }) => ({
      kind: 'doublestar',
      decoration: kind,
      pattern,
      extras: JSON.stringify({ untagged }),
    })),
    scope_selectors: {
      repository: rule.repositories.map(({ kind, pattern }) => ({
        kind: 'doublestar',
        decoration: kind === 'matches' ? 'repoMatches' : 'repoExcludes',
        pattern,
      })),
    },
  };
}
