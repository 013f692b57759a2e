import { callBackup, requirePlace } from '#src/backups/backup-call';
import { fromOptions } from '#src/backups/backup-options';
import { outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { tell } from '#src/context';
import { formatBytes } from '#src/output/byte-size';
import { formatTable } from '#src/output/table';
import { writeResult } from '#src/output/write-result';

export const backupLsVerb = defineVerb({
  name: 'backup ls',
  description: 'List the backups in a place, and until when the changes after each of them were shipped.',
  arguments: {},
  options: { ...fromOptions, ...outputOptions },
  examples: [{ does: 'See what can be restored', command: 'entrepot backup ls --from /mnt/backup' }],
  run: async ({ options }, context) => {
    const { listPlace } = await import('@entrepot/server/backup');
    const from = requirePlace(options.from);
    const list = await callBackup(context, options.encryptKeyFile, (sources) => listPlace({ ...sources, from }));
    const rows = list.backups.map(({ id, at, until, kind, database, blobs, changes }) => [
      id,
      new Date(at).toISOString(),
      changes === 0 ? '' : new Date(until).toISOString(),
      kind,
      formatBytes(database.bytes),
      `${blobs.count}${blobs.mode === 'reference' ? ' (referred to)' : ''}`,
      formatBytes(blobs.size),
      String(blobs.missing.length),
    ]);
    const headings = ['ID', 'TIME', 'CHANGES UNTIL', 'DATABASE', 'SIZE', 'BLOBS', 'BYTES', 'MISSING'];
    await writeResult(context, options.output, list, () => formatTable(headings, rows));
    for (const { id, why } of list.damaged) tell(context, `warning: ${id} cannot be used: ${why}`);
  },
});
