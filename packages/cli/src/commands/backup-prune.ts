import { callBackup, requirePlace } from '#src/backups/backup-call';
import { fromOptions } from '#src/backups/backup-options';
import { outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { formatBytes } from '#src/output/byte-size';
import { writeResult } from '#src/output/write-result';

export const backupPruneVerb = defineVerb({
  name: 'backup prune',
  description:
    'Remove all but the newest backups from a place, with the changes and blobs that only they needed. Refused while a ' +
    'backup is made there, and where a registry ships its changes, since it prunes by itself.',
  arguments: {},
  options: {
    keep: {
      kind: 'integer',
      flags: '--keep <number>',
      describes: 'How many of the newest stay.',
      min: 1,
      max: 100_000,
      default: 7,
    },
    ...fromOptions,
    ...outputOptions,
  },
  examples: [{ does: 'Keep a week of them', command: 'entrepot backup prune --from /mnt/backup --keep 7' }],
  run: async ({ options }, context) => {
    const { prunePlace } = await import('@entrepot/server/backup');
    const { keep, encryptKeyFile } = options;
    const from = requirePlace(options.from);
    const pruned = await callBackup(context, encryptKeyFile, (sources) => prunePlace({ ...sources, from, keep }));
    const result = { ...pruned, kept: pruned.kept.map(({ id }) => id) };
    await writeResult(
      context,
      options.output,
      result,
      () =>
        `${pruned.snapshots} snapshots, ${pruned.changes} changes and ${pruned.blobs} blobs of ${formatBytes(pruned.bytes)} ` +
        `removed, ${pruned.kept.length} snapshots kept\n`,
    );
  },
});
