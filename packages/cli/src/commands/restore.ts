import { callBackup, readMoment, requirePlace } from '#src/backups/backup-call';
import { atOption, fromOptions } from '#src/backups/backup-options';
import { throwMissing } from '#src/backups/show-missing';
import { outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { tell } from '#src/context';
import { UsageError } from '#src/failures/failures';
import { formatBytes } from '#src/output/byte-size';
import { writeResult } from '#src/output/write-result';

export const restoreVerb = defineVerb({
  name: 'restore',
  description:
    'Bring a registry back from its backup: the metadata as they were at or before a time, then the blobs, hard-linked ' +
    'where backup and registry share a file system, then a look at each of them. The place must be empty, or have ' +
    'nothing but blobs in it. Stopped and called again it goes on. Ends with 1 when blobs are missing.',
  arguments: {},
  options: {
    ...fromOptions,
    toData: {
      kind: 'text',
      flags: '--to-data <folder>',
      describes: 'The data folder to make.',
    },
    config: {
      kind: 'text',
      flags: '--config <file>',
      describes: 'Instead of --to-data: a configuration file, whose database and blob store are restored into.',
    },
    ...atOption,
    ...outputOptions,
  },
  examples: [
    { does: 'Restore the newest state', command: 'entrepot restore --from /mnt/backup --to-data /var/lib/entrepot' },
    {
      does: 'Restore an earlier one',
      command: 'entrepot restore --from /mnt/backup --to-data /srv/then --at 2026-03-01T12:00:00Z',
    },
    {
      does: 'Restore into PostgreSQL and S3',
      command: 'entrepot restore --from s3://backups/hub --config /etc/entrepot/entrepot.yaml',
    },
  ],
  run: async ({ options }, context) => {
    const { toData, config, encryptKeyFile } = options;
    if ((toData === undefined) === (config === undefined)) {
      throw new UsageError('it is not said where to restore to', 'name either --to-data DIR or --config FILE');
    }
    const { restoreRegistry } = await import('@entrepot/server/restore');
    const [from, at] = [requirePlace(options.from), readMoment(options.at)];
    const made = await callBackup(context, encryptKeyFile, (sources) =>
      restoreRegistry({ ...sources, from, toData, flags: { config }, at, onStep: () => undefined }),
    );
    await writeResult(
      context,
      options.output,
      made,
      () =>
        `${made.to} is as it was at ${made.at}: ${made.linked} blobs linked, ${made.copied} copied ` +
        `(${formatBytes(made.copiedBytes)}), ${made.kept} there already\n`,
    );
    if (made.keyWanted !== undefined) {
      tell(context, `Put the secret key of the registry back to ${made.keyWanted}, or give it as ENTREPOT_SECRET_KEY.`);
    }
    throwMissing(made.missing, 'are missing');
  },
});
