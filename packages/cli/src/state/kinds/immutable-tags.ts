import {
  createImmutableRule,
  deleteImmutableRule,
  listImmutableRules,
  updateImmutableRule,
} from '@entrepot/contract/harbor/immutable';
import { type ImmutableTags, patternsOf, ruleOf, titleOf } from '#src/management/immutable-tags';
import { listAll } from '#src/management/list-all';
import { brief, inProject, type Kind } from '#src/state/kind';
import { flag, needed, optional, record, text } from '#src/state/read-value';

const pattern = text({ pattern: /./, what: 'a pattern such as "v*"' });

const read = record({
  tags: needed(pattern),
  except: optional(pattern),
  repositories: optional(pattern),
  except_repositories: optional(pattern),
  enabled: optional(flag),
});

/** The tags of a project that neither move nor go. */
export const immutableTags: Kind<ImmutableTags> = {
  noun: 'immutability rule',
  read,
  write: ({ enabled, repositories, ...rule }) =>
    brief({
      ...rule,
      repositories: repositories === '**' ? undefined : repositories,
      enabled: enabled === false ? false : undefined,
    }),
  keyOf: titleOf,
  async list(client, project) {
    const found = await Array.fromAsync(listAll(client, listImmutableRules, inProject(project)));
    return found.map((rule) => {
      const entry = patternsOf(rule);
      const unsayable = entry.isWhole ? undefined : 'it has more patterns than the files can say';
      return { id: rule.id ?? 0, entry: entry.rule, unsayable };
    });
  },
  async create({ client }, rule, project) {
    await client.call(createImmutableRule, { ...inProject(project), body: ruleOf(rule) });
  },
  async change({ client }, rule, { id }, project) {
    const { params, headers } = inProject(project);
    await client.call(updateImmutableRule, {
      params: { ...params, immutable_rule_id: id },
      headers,
      body: ruleOf(rule),
    });
  },
  async remove({ client }, { id }, project) {
    const { params, headers } = inProject(project);
    await client.call(deleteImmutableRule, { params: { ...params, immutable_rule_id: id }, headers });
  },
};
