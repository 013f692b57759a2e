import { findPolicy } from '#src/management/retention-policy';
import { describePlaces, keepRuleOf } from '#src/management/retention-rules';
import { manageVerb } from '#src/management/manage-verb';
import { formatTable } from '#src/output/table';

export const retentionShowVerb = manageVerb({
  name: 'retention show',
  description: 'Show by which rules a project keeps artifacts, and when the rest is deleted.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {},
  examples: [{ does: 'See the rules of a project', command: 'entrepot retention show team' }],
  async work(client, { arguments: { PROJECT } }) {
    const { policy } = await findPolicy(client, PROJECT);
    const rows = (policy.rules ?? []).map((one, at) => {
      const { rule } = keepRuleOf(one);
      return [String(at + 1), rule.keep, describePlaces(rule), rule.enabled ? 'active' : 'off'];
    });
    const cron = policy.trigger?.settings?.['cron'];
    const when = typeof cron === 'string' && cron !== '' ? `By itself: ${cron} (UTC)\n` : 'By hand only\n';
    return { data: policy, said: `${formatTable(['RULE', 'KEEPS', 'OF', 'STATE'], rows)}${when}` };
  },
});
