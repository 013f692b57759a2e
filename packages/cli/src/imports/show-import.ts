import { type CliContext, isTerminal, tell } from '#src/context';
import { formatBytes } from '#src/output/byte-size';
import type { ImportCounts, ImportReport } from './import-report.ts';

/** Things left out that are told one by one. */
const mostShown = 20;

export function count(number: number, thing: string): string {
  const many = thing.endsWith('y') ? `${thing.slice(0, -1)}ies` : `${thing}s`;
  return `${number.toLocaleString('en-US')} ${number === 1 ? thing : many}`;
}

/** Says in a few lines what was taken and what was not. Never fails. */
export function formatImport(report: ImportReport): string {
  const { manifests, tags, blobs, bytes, dryRun, seconds } = report;
  const parts = [
    ...(blobs.linked > 0 ? [`${count(blobs.linked, 'blob')} (${formatBytes(bytes.linked)}) linked`] : []),
    ...(blobs.copied > 0 ? [`${count(blobs.copied, 'blob')} (${formatBytes(bytes.copied)}) copied`] : []),
  ];
  const pace = dryRun ? '' : `, ${report.manifestsPerSecond.toLocaleString('en-US')} manifests/s`;
  return [
    `${report.source}${dryRun ? ' (nothing was written)' : ''}`,
    `${count(report.repositories, 'repository')}: ${count(manifests.taken, 'manifest')} and ${count(tags.set, 'tag')} ${dryRun ? 'to take' : 'taken'}, ` +
      `${count(manifests.present, 'manifest')} there already`,
    ...(parts.length > 0 ? [parts.join(', ')] : []),
    ...(report.projectsMade.length > 0 ? [`projects made: ${report.projectsMade.join(', ')}`] : []),
    ...(report.untagged > 0 ? [`${count(report.untagged, 'manifest')} without a tag left out (--untagged)`] : []),
    `${seconds.toLocaleString('en-US')} s${pace}`,
    '',
  ].join('\n');
}

/** Tells what was left out. Never fails. */
export function tellSkipped({ skipped, skippedTotal }: ImportReport, context: CliContext): void {
  for (const { repository, reference, reason, message } of skipped.slice(0, mostShown)) {
    tell(context, `left out: ${repository}${reference === '' ? '' : ` ${reference}`} (${reason}): ${message}`);
  }
  const total = totalOf(skippedTotal);
  if (total > mostShown) tell(context, `… and ${total - mostShown} more; --output json lists them.`);
}

export const totalOf = (skippedTotal: ImportReport['skippedTotal']): number =>
  Object.values(skippedTotal).reduce((sum, number) => sum + number, 0);

/** Shows on standard error how far it is: a line that is rewritten on a terminal, else one every ten seconds. */
export function createImportProgress(context: CliContext): {
  show(counts: Pick<ImportCounts, 'manifests' | 'bytes'>, repository: string): void;
  end(): void;
} {
  const rewrites = isTerminal(context.stderr) && context.env['TERM'] !== 'dumb';
  const everyMs = rewrites ? 200 : 10_000;
  let next = performance.now() + everyMs;
  let shown = false;
  return {
    show({ manifests, bytes }, repository) {
      if (performance.now() < next) return;
      next = performance.now() + everyMs;
      const line = `${count(manifests.taken + manifests.present, 'manifest')}, ${formatBytes(bytes.linked + bytes.copied)}, at ${repository}`;
      if (rewrites) context.stderr.write(`\r\u001b[K${line}`);
      else tell(context, line);
      shown = rewrites;
    },
    end() {
      if (shown) context.stderr.write('\r\u001b[K');
    },
  };
}
