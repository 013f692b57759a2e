import { PartialFailure, UsageError } from '#src/failures/failures';
import { manageVerb } from '#src/management/manage-verb';
import { purgeAndWait } from '#src/management/purge-runs';

const hours: Readonly<Record<string, number>> = { h: 1, d: 24, w: 168 };

export const auditPurgeVerb = manageVerb({
  name: 'audit purge',
  description:
    'Delete old rows of the audit, and wait for the end. The audit itself keeps who did it, when and what went, and ' +
    'what is left can still be verified. Rows go in whole stretches, from the oldest end.',
  arguments: {},
  options: {
    keep: { kind: 'text', flags: '--keep <time>', describes: 'How long rows are kept, as 90d, 12w or 720h.' },
    only: {
      kind: 'list',
      flags: '--only <event>',
      describes: 'Delete rows of this kind alone, such as pull_artifact; can be given several times.',
    },
    dryRun: { kind: 'flag', flags: '--dry-run', describes: 'Only tell what would go.' },
  },
  examples: [
    { does: 'See what is older than a year', command: 'entrepot audit purge --keep 365d --dry-run' },
    { does: 'Forget pulls after three months', command: 'entrepot audit purge --keep 90d --only pull_artifact' },
  ],
  question: ({ options: { keep } }) => `Delete the rows of the audit that are older than ${keep ?? '?'}?`,
  async work(client, { options: { keep = '', only, dryRun } }, context) {
    const [, figure = '', unit = ''] = /^(\d{1,6})([hdw])$/.exec(keep) ?? [];
    if (figure === '') {
      throw new UsageError(`--keep is ${JSON.stringify(keep)}; expected a time`, 'write it as 90d, 12w or 720h.');
    }
    const run = await purgeAndWait(
      client,
      {
        audit_retention_hour: Number(figure) * (hours[unit] ?? 1),
        include_event_types: only.join(','),
        dry_run: dryRun === true,
      },
      context,
    );
    if (run.status === 'Error') throw new PartialFailure(`the purge failed:\n${run.log}`, [], 0);
    return { data: run, said: run.log };
  },
});
