/** An immutability rule as people say it. Patterns are as `createGlob` of the registry reads them. */
export interface ImmutableTags {
  readonly tags: string;
  readonly except: string | undefined;
  readonly repositories: string | undefined;
  readonly except_repositories: string | undefined;
  readonly enabled: boolean | undefined;
}

interface Selector {
  readonly decoration?: string | undefined;
  readonly pattern?: string | undefined;
}

interface Rule {
  readonly disabled?: boolean | undefined;
  readonly tag_selectors?: readonly Selector[] | undefined;
  readonly scope_selectors?: Readonly<Record<string, readonly Selector[]>> | undefined;
}

const isExclusion = ({ decoration }: Selector) => decoration?.toLowerCase().endsWith('excludes') === true;

/** A rule of the API; not whole when it has more patterns than people can say. Never fails. */
export function patternsOf({ disabled, tag_selectors: tags = [], scope_selectors: scope = {} }: Rule): {
  readonly rule: ImmutableTags;
  readonly isWhole: boolean;
} {
  const chosen = [tags, scope['repository'] ?? []].flatMap((selectors) => [
    selectors.filter((one) => !isExclusion(one)),
    selectors.filter(isExclusion),
  ]);
  const [named, except, repositories, exceptRepositories] = chosen.map(([first]) => first?.pattern);
  return {
    rule: {
      tags: named ?? '**',
      except,
      repositories: repositories === '**' ? undefined : repositories,
      except_repositories: exceptRepositories,
      enabled: disabled !== true,
    },
    isWhole: chosen.every(({ length }) => length < 2),
  };
}

/** The same for the API. Never fails. */
export function ruleOf({ tags, except, repositories = '**', except_repositories: left, enabled }: ImmutableTags) {
  const selector = <const D extends string>(decoration: D, pattern: string) => ({
    kind: 'doublestar' as const,
    decoration,
    pattern,
  });
  return {
    disabled: enabled === false,
    action: 'immutable' as const,
    template: 'immutable_template' as const,
    tag_selectors: [selector('matches', tags), ...(except === undefined ? [] : [selector('excludes', except)])],
    scope_selectors: {
      repository: [
        selector('repoMatches', repositories),
        ...(left === undefined ? [] : [selector('repoExcludes', left)]),
      ],
    },
  };
}

/** What the rule is about, in words that tell it from others. Never fails. */
export function titleOf({ tags, except, repositories, except_repositories: left }: ImmutableTags): string {
  const without = (pattern: string | undefined) => (pattern === undefined ? '' : ` without ${pattern}`);
  const place = repositories === undefined || repositories === '**' ? '' : ` in ${repositories}`;
  return `${tags}${without(except)}${place === '' && left !== undefined ? ' in **' : place}${without(left)}`;
}
