import {
  createImmutableRule,
  deleteImmutableRule,
  listImmutableRules,
  updateImmutableRule,
} from '@entrepot/contract/harbor/immutable';
import { readListQuery } from '#kernel/list-query';
import type { NameSelector } from '#kernel/name-selectors';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { ImmutableRules } from './service.ts';
import type { ImmutableRule, NewImmutableRule } from './types.ts';

export function immutableRuleRoutes(rules: ImmutableRules): ManagedRoute[] {
  return [
    serve(listImmutableRules, async ({ project, query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await rules.list(project, list);
      return listReply(entries.map(show), total, list, url);
    }),
    serve(createImmutableRule, async ({ asker, project, body }) => {
      const id = await rules.create(asker, project, read(body));
      return { status: 201, headers: { Location: `/api/v2.0/projects/${project.id}/immutabletagrules/${id}` } };
    }),
    serve(updateImmutableRule, async ({ asker, project, params, body }) => {
      await rules.update(asker, project, params.immutable_rule_id, read(body));
      return { status: 200 };
    }),
    serve(deleteImmutableRule, async ({ asker, project, params }) => {
      await rules.delete(asker, project, params.immutable_rule_id);
      return { status: 200 };
    }),
  ];
}

interface GivenSelector {
  readonly decoration?: string | null | undefined;
  readonly pattern: string;
}

interface GivenRule {
  readonly priority?: number | null | undefined;
  readonly disabled?: boolean | null | undefined;
  readonly tag_selectors?: readonly GivenSelector[] | null | undefined;
  readonly scope_selectors?: { readonly repository?: readonly GivenSelector[] | null | undefined } | null | undefined;
}

function read({ priority, disabled, tag_selectors: tags, scope_selectors: scope }: GivenRule): NewImmutableRule {
  return {
    selectors: { tags: (tags ?? []).map(readSelector), repositories: (scope?.repository ?? []).map(readSelector) },
    disabled: disabled ?? false,
    priority: priority ?? 0,
  };
}

const readSelector = ({ decoration, pattern }: GivenSelector): NameSelector => ({
  kind: /excludes$/i.test(decoration ?? '') ? 'excludes' : 'matches',
  pattern,
});

function show({ id, selectors, disabled, priority }: ImmutableRule) {
  const shown = (given: readonly NameSelector[], words: Readonly<Record<NameSelector['kind'], string>>) =>
    given.map(({ kind, pattern }) => ({ kind: 'doublestar', decoration: words[kind], pattern }));
  return {
    id,
    priority,
    disabled,
    action: 'immutable',
    template: 'immutable_template',
    tag_selectors: shown(selectors.tags, { matches: 'matches', excludes: 'excludes' }),
    scope_selectors: {
      repository: shown(selectors.repositories, { matches: 'repoMatches', excludes: 'repoExcludes' }),
    },
  };
}
