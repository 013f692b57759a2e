import { callBackup } from '#src/backups/backup-call';
import { keyOption } from '#src/backups/backup-options';
import { throwMissing } from '#src/backups/show-missing';
import { localRegistryOptions, outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { formatBytes } from '#src/output/byte-size';
import { writeResult } from '#src/output/write-result';

export const backupVerb = defineVerb({
  name: 'backup',
  description:
    'Copy the metadata of the registry on this machine as they are at one moment, and the blobs that the place does not ' +
    'have yet, each checked by its hash. The registry may run. Stopped and called again it goes on. The secret key is ' +
    'not in the backup: keep it elsewhere. Ends with 1 when blobs are damaged or gone.',
  arguments: {},
  options: {
    to: {
      kind: 'text',
      flags: '--to <place>',
      describes: 'A folder, or s3://BUCKET/PREFIX; else backup.to of the configuration.',
    },
    blobs: {
      kind: 'choice',
      flags: '--blobs <how>',
      describes: 'Copy the bytes of the blobs, or only name where they are; else copy, and reference for those on S3.',
      choices: ['copy', 'reference'],
    },
    ...keyOption,
    ...localRegistryOptions,
    ...outputOptions,
  },
  examples: [
    { does: 'Back up to another disk', command: 'entrepot backup --to /mnt/backup --data /var/lib/entrepot' },
    {
      does: 'Back up to S3, encrypted',
      command: 'entrepot backup --to s3://backups/hub --encrypt-key-file /etc/entrepot/backup.key',
    },
  ],
  run: async ({ options }, context) => {
    const { makeBackup } = await import('@entrepot/server/backup');
    const { to, blobs, data, config, encryptKeyFile } = options;
    const made = await callBackup(context, encryptKeyFile, (sources) =>
      makeBackup({ ...sources, flags: { data, config }, to, blobs }),
    );
    await writeResult(
      context,
      options.output,
      made,
      () =>
        `${made.id} in ${made.place}: database of ${formatBytes(made.databaseBytes)}, ${made.blobs} blobs` +
        `${made.blobsMode === 'reference' ? ' referred to' : `, ${made.copied} copied (${formatBytes(made.copiedBytes)})`}\n`,
    );
    throwMissing(made.missing, 'could not be backed up');
  },
});
