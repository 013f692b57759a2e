/** What one prepared read answered since the last commit. */
export interface ReadMemo<Row = unknown> {
  get(bound: (string | number)[], read: (bound: (string | number)[]) => Row | undefined): Row | undefined;
  clear(): void;
}

/** So many answers are kept; beyond that the memo starts again. */
const mostKept = 20_000;

/** What another process changed behind our back (an operator with a database shell) is seen after so long. */
const longestMs = 1000;

/**
 * Remembers rows by the values they were asked with. A read of committed rows stays true until the next commit, so
 * nothing is served that a look into the database would not have given.
 */
export function createReadMemo<Row>(): ReadMemo<Row> {
  const rows = new Map<string, Row>();
  let since = 0;
  return {
    get(bound, read) {
      const now = performance.now();
      if (now - since > longestMs) {
        rows.clear();
        since = now;
      }
      const key = bound.join('\u0000');
      const known = rows.get(key);
      if (known !== undefined) return known;
      const row = read(bound);
      if (row === undefined) return undefined;
      if (rows.size >= mostKept) rows.clear();
      rows.set(key, row);
      return row;
    },
    clear: () => rows.clear(),
  };
}
