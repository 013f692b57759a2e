import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createKeptRows, isDoomed, toNote } from './purged.ts';
import { type ChainedRow, type ChainStore, origin } from './store.ts';
import type { ChainFault, Purge, Segment, Verification } from './types.ts';

/** Read at once: a bound on memory, and on how long SQLite keeps others waiting. */
const rowsPerPage = 500;
const segmentsPerPage = 500;

export async function* readSegments(store: ChainStore, from: number, until: number): AsyncGenerator<Segment> {
  for (let after = from; after < until; ) {
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

/** All rows up to an id, of which the next ones up to some id are taken in turn. */
export interface RowReader extends AsyncDisposable {
  /** Gives the rows up to the id that were not taken yet to `take`, and answers how many there were. */
  take(upTo: number, take: (row: ChainedRow) => void): Promise<number>;
  /** The next row that nobody took. */
  peek(): ChainedRow | undefined;
}

export async function openRows(store: ChainStore, upTo: number): Promise<RowReader> {
  const rows = readRows(store, upTo);
  let row = await rows.next();
  return {
    async take(until, take) {
      let taken = 0;
      for (; row.done !== true && row.value.id <= until; row = await rows.next()) {
        take(row.value);
        taken += 1;
      }
      return taken;
    },
    peek: () => (row.done === true ? undefined : row.value),
    async [Symbol.asyncDispose]() {
      await rows.return(undefined);
    },
  };
}

/** Takes the rows that purges have left: they are what the last one says, and it is what the audit itself says. */
export async function checkKept(
  store: ChainStore,
  rows: RowReader,
  purge: Purge,
  see: (row: ChainedRow) => void = () => undefined,
): Promise<{ readonly segment: Segment } | { readonly fault: ChainFault }> {
  const { lastId, at } = purge;
  const kept = createKeptRows();
  await rows.take(lastId, (row) => {
    if (!purge.finished && isDoomed(purge, row)) return;
    kept.add(row);
    see(row);
  });
  const when = new Date(at).toISOString();
  const fault = (reason: string) => ({ fault: { firstId: 1, lastId, reason } });
  if (kept.rows() !== purge.keptRows) {
    return fault(`The purge of ${when} left ${purge.keptRows} of these rows, and there are ${kept.rows()}.`);
  }
  if (kept.hash() !== purge.keptHash) return fault(`These rows are not what the purge of ${when} left.`);
  const segment = await store.findSegment(purge.through);
  if (segment === undefined || segment.hash !== purge.head || segment.lastId !== lastId) {
    return fault(`The chain here is not what it was at the purge of ${when}.`);
  }
  const note = await store.findPurgeNote(purge);
  if (note !== JSON.stringify(toNote(purge))) {
    return fault(`The purge of ${when} is not in the audit as it is written beside it: rows were deleted otherwise.`);
  }
  return { segment };
}

/** Takes the rows of a segment and says what is wrong with them. */
export async function checkSegment(
  rows: RowReader,
  before: Segment,
  segment: Segment,
  see: (row: ChainedRow) => void = () => undefined,
): Promise<ChainFault | undefined> {
  const hash = createHash('sha256').update(before.hash);
  let first: number | undefined;
  const count = await rows.take(segment.lastId, (row) => {
    hash.update(`\n${row.line}`);
    first ??= row.id;
    see(row);
  });
  return judge(before, segment, { count, first, hash: hash.digest('hex') });
}

/** Compares every row with the chain, in order and with bounded memory. What comes meanwhile is left for the next time. */
export async function walkChain(store: ChainStore, expect: string | undefined): Promise<Verification> {
  const end = await store.head();
  const purges = await store.listPurges();
  await using rows = await openRows(store, end.lastId);
  let before = origin;
  let fault: ChainFault | undefined;
  let purgedRows = 0;
  const [last] = purges;
  if (last !== undefined) {
    const checked = await checkKept(store, rows, last);
    if ('fault' in checked) fault = checked.fault;
    else {
      before = checked.segment;
      purgedRows = before.rowsTotal - last.keptRows;
    }
  }
  if (fault === undefined) {
    for await (const segment of readSegments(store, before.number, end.number)) {
      fault = await checkSegment(rows, before, segment);
      if (fault !== undefined) break;
      before = segment;
    }
  }
  const more = rows.peek();
  if (fault === undefined && more !== undefined) {
    fault = { firstId: more.id, lastId: more.id, reason: 'A row was added that the chain does not know.' };
  }
  fault ??= await findCut(store, before, end, expect);
  return {
    rows: before.rowsTotal - purgedRows,
    purgedRows,
    purges,
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
