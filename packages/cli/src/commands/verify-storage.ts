import { defineVerb } from '#src/command-line/verb';
import { LocalFileError } from '#src/failures/failures';
import { formatBytes } from '#src/output/byte-size';
import { writeResult } from '#src/output/write-result';
import { describeFindings } from '#src/storage/describe-findings';
import { localStoreOptions, readStoreCall, reportOf } from '#src/storage/local-stores';

export const verifyStorageVerb = defineVerb({
  name: 'verify-storage',
  description:
    'See whether everything that the database of the registry on this machine speaks of is in its store, and the ' +
    'reverse; with --deep whether every byte is right. Changes nothing, and fails when anything is missing or wrong. A ' +
    'registry on SQLite must not run meanwhile: ask a running one with storage scrub.',
  arguments: {},
  options: localStoreOptions,
  examples: [
    { does: 'See that nothing is missing', command: 'entrepot verify-storage --data /var/lib/entrepot' },
    { does: 'Read everything again', command: 'entrepot verify-storage --deep --config /etc/entrepot/entrepot.yaml' },
  ],
  run: async ({ options }, context) => {
    const call = readStoreCall(options, context);
    const { verifyConfiguredStorage } = await import('@entrepot/server/storage-care');
    const report = reportOf(await verifyConfiguredStorage(call).finally(call.end));
    await writeResult(context, options.output, report, () => describeFindings(report));
    if (report.sound) return;
    const lost = report.wrong.reduce((sum, { size }) => sum + size, 0);
    throw new LocalFileError(
      `${report.wrong.length} blobs of ${formatBytes(lost)} are missing or wrong, and ${
        report.wrongManifests.length + report.quarantined + report.dangling.length + report.unknown
      } things more are not as they should be`,
      'entrepot repair mends what has a good copy',
    );
  },
});
