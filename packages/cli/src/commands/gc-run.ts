import { PartialFailure } from '#src/failures/failures';
import { runAndWait } from '#src/management/gc-runs';
import { manageVerb } from '#src/management/manage-verb';

export const gcRunVerb = manageVerb({
  name: 'gc run',
  description:
    'Collect what nobody needs any more, now, and wait for the end. Pushes and pulls go on meanwhile; what somebody ' +
    'relied on within the grace (24 h) stays, and what is removed keeps its bytes in the trash for a while.',
  arguments: {},
  options: {
    untagged: {
      kind: 'flag',
      flags: '--untagged',
      describes: 'Delete artifacts that lost their last tag, too; they can be restored for a while.',
    },
    dryRun: { kind: 'flag', flags: '--dry-run', describes: 'Only tell what would go, and why.' },
  },
  examples: [
    { does: 'See what would go', command: 'entrepot gc run --untagged --dry-run' },
    { does: 'Collect', command: 'entrepot gc run' },
  ],
  async work(client, { options: { untagged, dryRun } }, context) {
    const run = await runAndWait(client, { delete_untagged: untagged === true, dry_run: dryRun === true }, context);
    if (run.status === 'Error') throw new PartialFailure(`run ${run.id} failed: see entrepot gc log ${run.id}`, [], 0);
    return { data: run, said: run.log };
  },
});
