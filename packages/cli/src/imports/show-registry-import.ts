import { formatBytes } from '#src/output/byte-size';
import type { RegistryImportReport } from './import-registry.ts';
import { count } from './show-import.ts';

/** Says in a few lines what was taken. Never fails. */
export function formatRegistryImport(report: RegistryImportReport): string {
  const { tags, manifests, blobs, bytes, dryRun } = report;
  const did = dryRun ? 'to take' : 'copied';
  return [
    `${report.source} -> ${report.target}`,
    `${count(report.repositories, 'repository')}: ${count(tags.copied, 'tag')} ${did}, ${tags.present} there already`,
    ...(dryRun
      ? []
      : [`${count(manifests.copied, 'manifest')} and ${count(blobs.copied, 'blob')} (${formatBytes(bytes)}) sent`]),
    ...(report.projectsMade.length > 0 ? [`projects made: ${report.projectsMade.join(', ')}`] : []),
    `${report.seconds.toLocaleString('en-US')} s`,
    '',
  ].join('\n');
}
