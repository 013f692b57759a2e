import { retentionTemplates } from '@entrepot/contract/harbor/retention';
import { UsageError } from '#src/failures/failures';

/** A rule of retention as people say it. Patterns are as the registry's globs read them; empty stands for none. */
export interface KeepRule {
  /** `latestPushedK=10 nDaysSinceLastPush=30`: an artifact has to meet all of it. */
  readonly keep: string;
  readonly tags: string;
  readonly except: string;
  readonly repositories: string;
  readonly except_repositories: string;
  /** Whether artifacts without tags are meant too. */
  readonly untagged: boolean;
  readonly enabled: boolean;
}

interface Selector {
  readonly decoration?: string | undefined;
  readonly pattern?: string | undefined;
  readonly extras?: string | undefined;
}

interface Rule {
  readonly disabled?: boolean | undefined;
  readonly template?: string | undefined;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly tag_selectors?: readonly Selector[] | undefined;
  readonly scope_selectors?: Readonly<Record<string, readonly Selector[]>> | undefined;
}

export const usualRule = {
  tags: '**',
  except: '',
  repositories: '**',
  except_repositories: '',
  untagged: false,
  enabled: true,
} as const;

const places = ['tags', 'except', 'repositories', 'except_repositories', 'untagged'] as const;

function isTemplate(name: string): name is (typeof retentionTemplates)[number] {
  return retentionTemplates.some((one) => one === name);
}

/** Words with or without a value: `always`, `tags=v*`, `hasLabel="two words"`. */
function readWords(text: string): [string, string | undefined][] {
  const words = [...text.matchAll(/(?:^|\s)([A-Za-z_]+)(?:=(?:"([^"]*)"|(\S+)))?(?=\s|$)/g)];
  const rest = words.reduce((left, [whole]) => left.replace(whole, ''), text).trim();
  if (words.length === 0 || rest !== '') {
    throw new UsageError(`${JSON.stringify(text)} is no rule`, 'write it as "latestPushedK=10 tags=v*".');
  }
  return words.map(([, name = '', quoted, plain]) => [name, quoted ?? plain]);
}

/** What is kept, in one order, so that the same conditions are the same text. Throws UsageError for what is no rule. */
export function readKeep(text: string): string {
  return writeKeep(readConditions(readWords(text)));
}

interface Conditions {
  readonly template: (typeof retentionTemplates)[number];
  readonly params: Readonly<Record<string, string | number>>;
}

function readConditions(words: readonly (readonly [string, string | undefined])[]): Conditions {
  const template = words.map(([name]) => name).find(isTemplate);
  if (template === undefined) {
    throw new UsageError('a rule says what it keeps', `by one of ${retentionTemplates.join(', ')}.`);
  }
  const params = words.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, /^\d{1,7}$/.test(value) ? Number(value) : value] as const],
  );
  return { template, params: Object.fromEntries(params) };
}

function writeKeep({ template, params }: { template: string; params: Readonly<Record<string, unknown>> }): string {
  const word = (name: string) => {
    const value = params[name];
    if (value === undefined || value === null || value === '') {
      return name;
    }
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${name}=${/[\s"]/.test(text) ? `"${text}"` : text}`;
  };
  const others = Object.keys(params).filter((name) => name !== template);
  return [template, ...others.toSorted()].map(word).join(' ');
}

/** A rule in one line: conditions, and `tags=`, `except=`, `repositories=`, `untagged`. Throws UsageError. */
export function readRule(text: string): KeepRule {
  const words = readWords(text);
  const said = new Map(words);
  const isPlace = (name: string) => places.some((one) => one === name);
  const conditions = readConditions(words.filter(([name]) => !isPlace(name)));
  const patternOf = (name: (typeof places)[number], usual: string) => said.get(name) ?? usual;
  return {
    keep: writeKeep(conditions),
    tags: patternOf('tags', usualRule.tags),
    except: patternOf('except', usualRule.except),
    repositories: patternOf('repositories', usualRule.repositories),
    except_repositories: patternOf('except_repositories', usualRule.except_repositories),
    untagged: said.has('untagged') && said.get('untagged') !== 'false',
    enabled: true,
  };
}

const isExclusion = ({ decoration }: Selector) => decoration?.toLowerCase().endsWith('excludes') === true;

/** What an answer says of artifacts without tags; an exclusion that means them leaves them out. */
const meansUntagged = ({ extras = '' }: Selector) => /"untagged"\s*:\s*true/.test(extras);

/** A rule of the API; not whole when it has more patterns than people can say. Never fails. */
export function keepRuleOf(rule: Rule): { readonly rule: KeepRule; readonly isWhole: boolean } {
  const { tag_selectors: tags = [], scope_selectors: scope = {} } = rule;
  const chosen = [tags, scope['repository'] ?? []].flatMap((selectors) => [
    selectors.filter((one) => !isExclusion(one)),
    selectors.filter(isExclusion),
  ]);
  const [named, except, repositories, others] = chosen.map(([first]) => first?.pattern);
  return {
    rule: {
      keep: writeKeep({ template: rule.template ?? '', params: rule.params ?? {} }),
      tags: named ?? '**',
      except: except ?? '',
      repositories: repositories ?? '**',
      except_repositories: others ?? '',
      untagged: tags.every((one) => meansUntagged(one) !== isExclusion(one)),
      enabled: rule.disabled !== true,
    },
    isWhole: chosen.every(({ length }) => length < 2),
  };
}

/** The same for the API. Throws UsageError for a rule that keeps by nothing. */
export function ruleOf(rule: KeepRule) {
  const { template, params } = readConditions(readWords(rule.keep));
  const selector = <const D extends string>(decoration: D, pattern: string, extras?: string) => ({
    kind: 'doublestar' as const,
    decoration,
    pattern,
    ...(extras !== undefined && { extras }),
  });
  return {
    disabled: !rule.enabled,
    action: 'retain' as const,
    template,
    params,
    tag_selectors: [
      selector('matches', rule.tags, JSON.stringify({ untagged: rule.untagged })),
      ...(rule.except === '' ? [] : [selector('excludes', rule.except, JSON.stringify({ untagged: false }))]),
    ],
    scope_selectors: {
      repository: [
        selector('repoMatches', rule.repositories),
        ...(rule.except_repositories === '' ? [] : [selector('repoExcludes', rule.except_repositories)]),
      ],
    },
  };
}

/** What the rule is about, in one line for people. Never fails. */
export function describePlaces({
  tags,
  except,
  repositories,
  except_repositories: others,
  untagged,
}: KeepRule): string {
  const without = (pattern: string) => (pattern === '' ? '' : ` without ${pattern}`);
  const place = repositories === '**' && others === '' ? '' : ` in ${repositories}${without(others)}`;
  return `${tags}${without(except)}${untagged ? ' and untagged' : ''}${place}`;
}
