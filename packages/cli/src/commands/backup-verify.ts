import { callBackup, requirePlace } from '#src/backups/backup-call';
import { fromOptions } from '#src/backups/backup-options';
import { outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { LocalFileError } from '#src/failures/failures';
import { formatBytes } from '#src/output/byte-size';
import { writeResult } from '#src/output/write-result';

export const backupVerifyVerb = defineVerb({
  name: 'backup verify',
  description:
    'Read everything in a place and hold it against its hash: snapshots, changes and every blob that a snapshot names. ' +
    'Ends with 1 when anything is damaged or missing.',
  arguments: {},
  options: { ...fromOptions, ...outputOptions },
  examples: [{ does: 'Read everything again', command: 'entrepot backup verify --from s3://backups/hub' }],
  run: async ({ options }, context) => {
    const { verifyPlace } = await import('@entrepot/server/backup');
    const from = requirePlace(options.from);
    const found = await callBackup(context, options.encryptKeyFile, (sources) => verifyPlace({ ...sources, from }));
    await writeResult(
      context,
      options.output,
      found,
      () =>
        `${found.snapshots} snapshots, ${found.changes} changes and ${found.blobs} blobs of ${formatBytes(found.bytes)} read\n`,
    );
    if (found.faults.length === 0) return;
    throw new LocalFileError(`the backup is damaged:${found.faults.map((fault) => `\n  ${fault}`).join('')}`);
  },
});
