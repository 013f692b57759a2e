import { createKeptRows, isDoomed } from './purged.ts';
import { type ChainedRow, type ChainStore, origin } from './store.ts';
import type { ChainFault, Purge, Segment } from './types.ts';
import { checkKept, checkSegment, openRows, readSegments } from './walk.ts';

export interface SurveyOptions {
  readonly cutoff: number;
  readonly actions: readonly string[];
  readonly signal: AbortSignal;
  readonly onSegment: (segment: Segment, end: Segment) => void;
}

export type Survey =
  | { readonly kind: 'broken'; readonly fault: ChainFault }
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'plan';
      readonly plan: Omit<Purge, 'id' | 'at' | 'actor' | 'finished'>;
      /** The id of the purge that it follows; 0 for none. */
      readonly since: number;
    };

/**
 * Finds what a purge may take, from the oldest end on and in whole segments: it ends before the first one that has a
 * row of the cutoff or later. On the way everything that it passes is held against the chain: what is not what it was
 * must not be purged, for that would hide it.
 */
export async function surveyChain(store: ChainStore, options: SurveyOptions): Promise<Survey> {
  const { cutoff, actions, signal, onSegment } = options;
  const end = await store.head();
  const [last] = await store.listPurges();
  await using rows = await openRows(store, end.lastId);
  const kept = createKeptRows();
  let removed = 0;
  const judge = (row: ChainedRow) => {
    if (isDoomed({ cutoff, actions }, row)) removed += 1;
    else kept.add(row);
  };
  let before = origin;
  if (last !== undefined) {
    const checked = await checkKept(store, rows, last, judge);
    if ('fault' in checked) return { kind: 'broken', fault: checked.fault };
    before = checked.segment;
  }
  let found = { keptRows: kept.rows(), keptHash: kept.hash(), removed };
  for await (const segment of readSegments(store, before.number, end.number)) {
    signal.throwIfAborted();
    let isOld = true;
    const fault = await checkSegment(rows, before, segment, (row) => {
      isOld &&= row.at < cutoff;
      judge(row);
    });
    if (fault !== undefined) return { kind: 'broken', fault };
    if (!isOld) break;
    before = segment;
    found = { keptRows: kept.rows(), keptHash: kept.hash(), removed };
    onSegment(segment, end);
  }
  if (found.removed === 0) return { kind: 'nothing' };
  const { number: through, lastId, hash: head } = before;
  return { kind: 'plan', plan: { cutoff, actions, through, lastId, head, ...found }, since: last?.id ?? 0 };
}
