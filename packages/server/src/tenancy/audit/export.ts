import { setImmediate as nextTurn } from 'node:timers/promises';
import { csvHead, csvLine } from './csv.ts';
import { toEcs } from './ecs.ts';
import type { AuditCursor, AuditReads } from './read-model.ts';

export interface ExportRange {
  /** Milliseconds since 1970; the first moment. */
  readonly from: number;
  /** The first moment that is no longer wanted. */
  readonly to: number;
  readonly projectId: number | undefined;
}

/**
 * The rows of a stretch of time as text, piece by piece: the next one is read when the one before it was taken, so that
 * memory stays bounded however slow the reader is.
 */
export async function* exportRows(
  reads: Pick<AuditReads, 'walk'>,
  format: 'ecs' | 'csv',
  range: ExportRange,
): AsyncGenerator<string> {
  const write = format === 'csv' ? csvLine : (row: Parameters<typeof toEcs>[0]) => `${JSON.stringify(toEcs(row))}\n`;
  if (format === 'csv') yield csvHead;
  let after: AuditCursor | undefined;
  do {
    const { rows, next } = await reads.walk(range, after);
    if (rows.length > 0) yield rows.map(write).join('');
    after = next;
    await nextTurn();
  } while (after !== undefined);
}
