import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ChainedRow, type ChainStore, origin } from './store.ts';
import type { ChainFault, Segment, Verification } from './types.ts';

/** Read at once: a bound on memory, and on how long SQLite keeps others waiting. */
const rowsPerPage = 500;
const segmentsPerPage = 500;

async function* readSegments(store: ChainStore, until: number): AsyncGenerator<Segment> {
  for (let after = 0; after < until; ) {
    const page = await store.listSegments(after, segmentsPerPage);
    for (const segment of page) {
      if (segment.number > until) return;
      yield segment;
    }
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.number;
    await nextTurn();
  }
}

async function* readRows(store: ChainStore, upTo: number): AsyncGenerator<ChainedRow> {
  for (let after = Number.MIN_SAFE_INTEGER; ; ) {
    const page = await store.listRows(after, upTo, rowsPerPage);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < rowsPerPage) return;
    after = last.id;
    await nextTurn();
  }
}

/** Compares every row with the chain, in order and with bounded memory. What comes meanwhile is left for the next time. */
export async function walkChain(store: ChainStore, expect: string | undefined): Promise<Verification> {
  const end = await store.head();
  const rows = readRows(store, end.lastId);
  let row = await rows.next();
  let before = origin;
  let fault: ChainFault | undefined;
  for await (const segment of readSegments(store, end.number)) {
    const hash = createHash('sha256').update(before.hash);
    let count = 0;
    let first: number | undefined;
    for (; row.done !== true && row.value.id <= segment.lastId; row = await rows.next()) {
      hash.update(`\n${row.value.line}`);
      first ??= row.value.id;
      count += 1;
    }
    fault = judge(before, segment, { count, first, hash: hash.digest('hex') });
    if (fault !== undefined) break;
    before = segment;
  }
  if (fault === undefined && row.done !== true) {
    const { id } = row.value;
    fault = { firstId: id, lastId: id, reason: 'A row was added that the chain does not know.' };
  }
  await rows.return(undefined);
  fault ??= await findCut(store, before, end, expect);
  return {
    rows: before.rowsTotal,
    head: before.hash,
    verified: fault === undefined,
    ...(fault === undefined ? {} : { firstBad: fault }),
    unchained: await store.countUnchained(),
  };
}

function judge(
  before: Segment,
  segment: Segment,
  found: { readonly count: number; readonly first: number | undefined; readonly hash: string },
): ChainFault | undefined {
  const { firstId, lastId, rows } = segment;
  const { count, first } = found;
  const fault = (reason: string, from = firstId, to = lastId): ChainFault => ({ firstId: from, lastId: to, reason });
  if (segment.number !== before.number + 1) {
    return fault('A part of the chain is missing before these rows.', before.lastId + 1);
  }
  if (first !== undefined && first < firstId)
    return fault('A row was added that the chain does not know.', first, first);
  if (count < rows) return fault(`${rows - count} of these rows are missing.`);
  if (count > rows) return fault(`${count - rows} rows were added among these.`);
  if (found.hash !== segment.hash || segment.rowsTotal !== before.rowsTotal + rows) {
    return fault('One of these rows, or the chain here, is not what it was when it was chained.');
  }
  return undefined;
}

/** A chain that is whole may still have lost its end, or have been made anew: then it lacks a head that was told. */
async function findCut(
  store: ChainStore,
  before: Segment,
  end: Segment,
  expect: string | undefined,
): Promise<ChainFault | undefined> {
  const at = (reason: string): ChainFault => ({ firstId: before.lastId + 1, lastId: end.lastId + 1, reason });
  if (before.number !== end.number) return at('The end of the chain is missing.');
  const lost = await store.findLostCheckpoint();
  if (lost !== undefined) {
    const when = new Date(lost.at).toISOString();
    return at(`The chain does not hold the head of ${when} over ${lost.rowsTotal} rows: it was cut or made anew.`);
  }
  if (expect !== undefined && !(await store.holds(expect))) {
    return at('The chain does not hold the expected head: it was cut or made anew.');
  }
  return undefined;
}
