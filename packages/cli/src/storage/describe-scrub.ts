import type { getScrub } from '@entrepot/contract/entrepot/storage';
import type { CallAnswer } from '#src/management/client';
import { formatBytes } from '#src/output/byte-size';
import { formatFields } from '#src/output/table';

type Report = CallAnswer<typeof getScrub>['body'];

/** How the scrub of a registry stands, for people. */
export function describeScrub({ running, last, ...report }: Report): string {
  const days = report.period_seconds / 86_400;
  return formatFields([
    ['Stored', `${report.blobs} blobs, ${formatBytes(report.bytes)}`],
    ['Read once in', days === 0 ? 'never by itself' : `${Number(days.toFixed(2))} days`],
    ['At most', report.rate === 0 ? 'as fast as it goes' : `${formatBytes(report.rate)} a second`],
    ['All read since', report.checked_since],
    ['Damaged now', String(report.damaged)],
    ['Under way', running === undefined ? 'nothing' : `${running.execution_id} since ${running.start_time}`],
    [
      'Last pass',
      last === undefined
        ? 'none yet'
        : `${last.end_time}: ${last.blobs} blobs, ${last.damaged} damaged, ${last.repaired} mended, ${last.orphans} without a name`,
    ],
  ]);
}
