import { createRetention, deleteRetention, getRetention, updateRetention } from '@entrepot/contract/harbor/retention';
import { UsageError } from '#src/failures/failures';
import type { ManagementClient } from '#src/management/client';
import { findPolicyId } from '#src/management/retention-policy';
import { type KeepRule, keepRuleOf, readKeep, ruleOf, usualRule } from '#src/management/retention-rules';
import { brief, type Kind } from '#src/state/kind';
import { flag, list, needed, optional, type Read, record, text } from '#src/state/read-value';

interface Policy {
  readonly rules: readonly KeepRule[];
  /** Empty when it runs by hand only. */
  readonly schedule: string;
}

const pattern = text({ pattern: /./, what: 'a pattern such as "v*"' });

const readFields = record({
  keep: needed(text({ what: 'conditions such as "latestPushedK=10"' })),
  tags: optional(pattern),
  except: optional(pattern),
  repositories: optional(pattern),
  except_repositories: optional(pattern),
  untagged: optional(flag),
  enabled: optional(flag),
});

/** Whole, so that what a file leaves out is as usual and not as it happens to be. */
const readRule: Read<KeepRule> = (value, place) => {
  const said = readFields(value, place);
  if (said === undefined) {
    return undefined;
  }
  try {
    const { tags, except, repositories, except_repositories: others, untagged, enabled } = said;
    return {
      keep: readKeep(said.keep),
      tags: tags ?? usualRule.tags,
      except: except ?? usualRule.except,
      repositories: repositories ?? usualRule.repositories,
      except_repositories: others ?? usualRule.except_repositories,
      untagged: untagged ?? usualRule.untagged,
      enabled: enabled ?? usualRule.enabled,
    };
  } catch (error) {
    if (!(error instanceof UsageError)) {
      throw error;
    }
    place.child('keep').fault(error.message);
    return undefined;
  }
};

const readPolicy = record({ rules: needed(list(readRule, 15)), schedule: optional(text()) });

const read: Read<Policy> = (value, place) => {
  const said = readPolicy(value, place);
  return said && { rules: said.rules, schedule: said.schedule ?? '' };
};

const writeRule = (rule: KeepRule) =>
  Object.fromEntries(
    Object.entries(rule).filter(([name, value]) => value !== (usualRule as Readonly<Record<string, unknown>>)[name]),
  );

async function bodyOf(client: ManagementClient, { rules, schedule }: Policy, project: string | undefined) {
  const { id, projectId } = await findPolicyId(client, project ?? '');
  return {
    id: id ?? 0,
    body: {
      algorithm: 'or' as const,
      rules: rules.map(ruleOf),
      trigger: { kind: 'Schedule' as const, settings: { cron: schedule } },
      scope: { level: 'project' as const, ref: projectId },
    },
  };
}

/** What a project keeps; there is one policy, or none. */
export const retention: Kind<Policy> = {
  noun: 'retention policy',
  read,
  write: ({ rules, schedule }) => ({ ...brief({ schedule }), rules: rules.map(writeRule) }),
  keyOf: () => 'by rules',
  async list(client, project) {
    const { id } = await findPolicyId(client, project ?? '');
    if (id === undefined) {
      return [];
    }
    const { body } = await client.call(getRetention, { params: { id } });
    const rules = (body.rules ?? []).map(keepRuleOf);
    const cron = body.trigger?.settings?.['cron'];
    return [
      {
        id,
        entry: { rules: rules.map(({ rule }) => rule), schedule: typeof cron === 'string' ? cron : '' },
        unsayable: rules.every(({ isWhole }) => isWhole) ? undefined : 'it has more patterns than the files can say',
      },
    ];
  },
  async create({ client }, policy, project) {
    const { body } = await bodyOf(client, policy, project);
    await client.call(createRetention, { body });
  },
  async change({ client }, policy, { id }, project) {
    const { body } = await bodyOf(client, policy, project);
    await client.call(updateRetention, { params: { id }, body });
  },
  async remove({ client }, { id }) {
    await client.call(deleteRetention, { params: { id } });
  },
};
