import { callBackup, readMoment, requirePlace } from '#src/backups/backup-call';
import { atOption, fromOptions } from '#src/backups/backup-options';
import { formatDrill, formatSeconds } from '#src/backups/show-drill';
import { localRegistryOptions, outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { tell } from '#src/context';
import { LocalFileError } from '#src/failures/failures';
import { writeResult } from '#src/output/write-result';

export const drillVerb = defineVerb({
  name: 'drill',
  description:
    'Restore a backup into a new folder, check everything that has to hold, remove the folder, and tell how long it took ' +
    'and how old the newest change was. Nothing listens and nothing is sent. The result is kept as last-drill.json at ' +
    'the place, and in the data folder of the registry that is named. Ends with 1 when anything does not hold.',
  arguments: {},
  options: {
    ...fromOptions,
    ...atOption,
    deep: { kind: 'flag', flags: '--deep', describes: 'Read every blob and compare its hash.' },
    ...localRegistryOptions,
    scratch: {
      kind: 'text',
      flags: '--scratch <folder>',
      describes: 'Where to make the new folder; else beside the backup, where blobs can be linked.',
    },
    scratchDatabase: {
      kind: 'text',
      flags: '--scratch-database <url>',
      describes: 'For a registry on PostgreSQL: a server where a database may be made; else its own.',
      env: 'ENTREPOT_DRILL_DATABASE_URL',
    },
    json: { kind: 'flag', flags: '--json', describes: 'As --output json.' },
    ...outputOptions,
  },
  examples: [
    { does: 'See that the newest state can be restored', command: 'entrepot drill --from /mnt/backup' },
    {
      does: 'Read every byte, and have the registry tell of it',
      command: 'entrepot drill --from /mnt/backup --deep --data /var/lib/entrepot',
    },
  ],
  run: async ({ options }, context) => {
    const { runDrill } = await import('@entrepot/server/drill');
    const { deep, data, config, scratch, scratchDatabase, encryptKeyFile } = options;
    const [from, at] = [requirePlace(options.from), readMoment(options.at)];
    const flags = data === undefined && config === undefined ? undefined : { data, config };
    const output = options.json ? 'json' : options.output;
    const result = await callBackup(context, encryptKeyFile, (sources) =>
      runDrill({
        ...sources,
        from,
        at,
        deep,
        flags,
        scratch,
        scratchDatabase,
        onStep: ({ name, ms }) => {
          if (output !== 'table') tell(context, `${name}  ${formatSeconds(ms)}`);
        },
      }),
    );
    await writeResult(context, output, result, () => formatDrill(result));
    if (!result.passed) throw new LocalFileError('the drill failed: see what does not hold above');
  },
});
