import { createImmutableRule } from '@entrepot/contract/harbor/immutable';
import { byName } from '#src/management/find-one';
import { ruleOf, titleOf } from '#src/management/immutable-tags';
import { manageVerb } from '#src/management/manage-verb';

export const immutableAddVerb = manageVerb({
  name: 'immutable add',
  description: 'Keep tags of a project from being moved and deleted. Tags of signatures are free.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    TAGS: { kind: 'one', describes: 'A pattern of tags, as v* or {stable,v*}.' },
  },
  options: {
    except: { kind: 'text', flags: '--except <pattern>', describes: 'Tags that stay free.' },
    repositories: {
      kind: 'text',
      flags: '--repositories <pattern>',
      describes: 'Only in these, named within the project.',
      default: '**',
    },
    exceptRepositories: { kind: 'text', flags: '--except-repositories <pattern>', describes: 'Not in these.' },
  },
  examples: [
    { does: 'Keep releases where they are', command: "entrepot immutable add team 'v*'" },
    { does: 'All but some', command: "entrepot immutable add team '**' --except '{latest,*-dev}'" },
  ],
  async work(client, { arguments: { PROJECT, TAGS }, options: { except, repositories, exceptRepositories } }) {
    const rule = { tags: TAGS, except, repositories, except_repositories: exceptRepositories, enabled: true };
    await client.call(createImmutableRule, {
      params: { project_name_or_id: PROJECT },
      headers: byName,
      body: ruleOf(rule),
    });
    return {
      data: { project: PROJECT, tags: TAGS, created: true },
      said: `Immutable in ${PROJECT}: ${titleOf(rule)}\n`,
    };
  },
});
