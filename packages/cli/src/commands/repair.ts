import { defineVerb } from '#src/command-line/verb';
import { LocalFileError } from '#src/failures/failures';
import { formatBytes } from '#src/output/byte-size';
import { formatFields } from '#src/output/table';
import { writeResult } from '#src/output/write-result';
import { localStoreOptions, readStoreCall, reportOf } from '#src/storage/local-stores';

export const repairVerb = defineVerb({
  name: 'repair',
  description:
    'Take damaged blobs of the registry on this machine out of use, mend them from good copies in its stores and its ' +
    'trash, and put files that nothing names into the trash. Fails when damage is left: push those images again. A ' +
    'registry on SQLite must not run meanwhile: a running one does the same with storage scrub, and asks other ' +
    'registries too.',
  arguments: {},
  options: {
    ...localStoreOptions,
    dryRun: { kind: 'flag', flags: '--dry-run', describes: 'Only tell what would be done.' },
  },
  examples: [
    { does: 'See what could be mended', command: 'entrepot repair --deep --dry-run --data /var/lib/entrepot' },
    { does: 'Mend it', command: 'entrepot repair --deep --data /var/lib/entrepot' },
  ],
  run: async ({ options }, context) => {
    const call = readStoreCall(options, context);
    const { repairConfiguredStorage } = await import('@entrepot/server/storage-care');
    const asked = { ...call, dryRun: options.dryRun === true };
    const report = reportOf(await repairConfiguredStorage(asked).finally(call.end));
    const would = report.dryRun ? ' (would be)' : '';
    await writeResult(context, options.output, report, () =>
      formatFields([
        ['Blobs looked at', String(report.blobs)],
        ['Found damaged', String(report.damaged)],
        [`Mended${would}`, String(report.repaired)],
        ['Damage left', String(report.left)],
        [`Put into the trash${would}`, `${report.orphans}, ${formatBytes(report.orphanBytes)}`],
        ['Without an answer', String(report.unknown)],
      ]),
    );
    if (report.left > 0) {
      throw new LocalFileError(
        `${report.left} blobs and manifests are damaged and have no good copy here`,
        'push their images again, or see entrepot storage damage of the running registry for what needs them',
      );
    }
  },
});
