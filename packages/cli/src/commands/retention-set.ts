import { createRetention, updateRetention } from '@entrepot/contract/harbor/retention';
import { UsageError } from '#src/failures/failures';
import { manageVerb } from '#src/management/manage-verb';
import { findPolicy, findPolicyId } from '#src/management/retention-policy';
import { readRule, ruleOf } from '#src/management/retention-rules';

export const retentionSetVerb = manageVerb({
  name: 'retention set',
  description:
    'Say what a project keeps; what no rule keeps is deleted by the next run. The rules take the place of those before. ' +
    'A rule is one or more conditions, all of which an artifact has to meet, and where it looks: tags=, except=, ' +
    'repositories=, except_repositories= and untagged.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {
    keep: { kind: 'list', flags: '--keep <rule>', describes: 'A rule; several times.' },
    schedule: {
      kind: 'text',
      flags: '--schedule <cron>',
      describes: 'When it runs by itself: six fields, seconds first; never for by hand only. As before when absent.',
    },
  },
  examples: [
    {
      does: 'Keep ten, every night',
      command: 'entrepot retention set team --keep latestPushedK=10 --schedule "0 0 3 * * *"',
    },
    {
      does: 'Releases for good, the newest patch of three minor versions, and what clusters run',
      command:
        'entrepot retention set team --keep "always tags=release-*" ' +
        '--keep "semanticVersions=3 versionLevel=minor" --keep "runningInCluster=7 untagged"',
    },
  ],
  async work(client, { arguments: { PROJECT }, options: { keep, schedule } }) {
    if (keep.length === 0) {
      throw new UsageError('nothing to keep', 'give --keep RULE, or end it all by entrepot retention rm.');
    }
    const rules = keep.map((one) => ruleOf(readRule(one)));
    const { id, projectId } = await findPolicyId(client, PROJECT);
    const before =
      id === undefined ? undefined : (await findPolicy(client, PROJECT)).policy.trigger?.settings?.['cron'];
    const cron = schedule === 'never' ? '' : (schedule ?? (typeof before === 'string' ? before : ''));
    const body = {
      algorithm: 'or' as const,
      rules,
      trigger: { kind: 'Schedule' as const, settings: { cron } },
      scope: { level: 'project' as const, ref: projectId },
    };
    if (id === undefined) {
      await client.call(createRetention, { body });
    } else {
      await client.call(updateRetention, { params: { id }, body });
    }
    const said = `${PROJECT} keeps by ${rules.length} rule(s) now; see what would go: entrepot retention simulate ${PROJECT}\n`;
    return { data: { project: PROJECT, rules, cron }, said };
  },
});
