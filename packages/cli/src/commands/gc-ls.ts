import { listRuns } from '#src/management/gc-runs';
import { manageVerb } from '#src/management/manage-verb';
import { formatBytes } from '#src/output/byte-size';
import { formatTable } from '#src/output/table';

export const gcLsVerb = manageVerb({
  name: 'gc ls',
  description: 'List the last collections, the newest first.',
  arguments: {},
  options: {},
  examples: [{ does: 'See what was collected', command: 'entrepot gc ls' }],
  async work(client) {
    const runs = await listRuns(client, 20);
    const figure = (run: (typeof runs)[number], name: string) => Number(run.figures[name] ?? 0);
    const rows = runs.map((run) => [
      String(run.id),
      run.status,
      run.startedAt,
      run.figures['dry_run'] === true ? 'dry run' : '',
      String(figure(run, 'purged_manifests')),
      String(figure(run, 'purged_blobs')),
      formatBytes(figure(run, 'freed_space')),
    ]);
    return { data: runs, said: formatTable(['RUN', 'STATUS', 'STARTED', '', 'ARTIFACTS', 'BLOBS', 'FREED'], rows) };
  },
});
