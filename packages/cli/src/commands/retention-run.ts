import { triggerRetentionExecution } from '@entrepot/contract/harbor/retention';
import { PartialFailure } from '#src/failures/failures';
import { manageVerb } from '#src/management/manage-verb';
import { findPolicy, waitForRun } from '#src/management/retention-policy';
import { formatTable } from '#src/output/table';

export const retentionRunVerb = manageVerb({
  name: 'retention run',
  description:
    'Delete now what no rule of a project keeps, and wait for the end. It can be had back for a while: entrepot restore.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {
    dryRun: { kind: 'flag', flags: '--dry-run', describes: 'Only write into its log what would go, and why.' },
  },
  examples: [
    { does: 'See what would go, with a log that stays', command: 'entrepot retention run team --dry-run' },
    { does: 'Run the rules', command: 'entrepot retention run team' },
  ],
  async work(client, { arguments: { PROJECT }, options: { dryRun } }, context) {
    const { id } = await findPolicy(client, PROJECT);
    const asked = await client.call(triggerRetentionExecution, {
      params: { id },
      body: { dry_run: dryRun === true },
    });
    const execution = Number(/\/executions\/(\d+)$/.exec(asked.header('location') ?? '')?.[1]);
    const { run, tasks } = await waitForRun(client, id, execution, context);
    if (run.status !== 'Succeed') {
      throw new PartialFailure(`run ${execution}: see entrepot retention log ${PROJECT} ${execution}`, [], 0);
    }
    const rows = tasks.map((one) => [
      one.repository ?? '',
      String(one.total),
      String(one.retained),
      String(one.total - one.retained),
    ]);
    const said = formatTable(['REPOSITORY', 'ARTIFACTS', 'KEPT', dryRun === true ? 'WOULD GO' : 'DELETED'], rows);
    return { data: { ...run, tasks }, said: `${said}See entrepot retention log ${PROJECT} ${execution}\n` };
  },
});
