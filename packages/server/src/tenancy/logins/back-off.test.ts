import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitOf } from './back-off.ts';

const minute = 60_000;
const rules = { attempts: 10, windowMs: 15 * minute };

const table: readonly (readonly [string, { recent: number; kept: number; ago: number }, number])[] = [
  ['nobody who did not fail', { recent: 0, kept: 0, ago: 0 }, 0],
  ['nobody who failed less often than is free', { recent: 9, kept: 9, ago: 0 }, 0],
  ['a window after all that is free in one', { recent: 10, kept: 10, ago: 0 }, 15 * minute],
  ['nobody who waited long enough', { recent: 0, kept: 10, ago: 16 * minute }, 0],
  ['half a minute after the first beyond', { recent: 1, kept: 10, ago: 0 }, minute / 2],
  ['the rest of it only', { recent: 1, kept: 10, ago: 10_000 }, 20_000],
  ['twice as long after the next', { recent: 1, kept: 11, ago: 0 }, minute],
  ['eight times as long two later', { recent: 1, kept: 13, ago: 0 }, 4 * minute],
  ['never longer than a window', { recent: 1, kept: 500, ago: 0 }, 15 * minute],
];

for (const [name, { recent, kept, ago }, wanted] of table) {
  test(`the wait is for ${name}`, () => {
    const now = 1_000_000_000;
    assert.equal(waitOf({ recent, kept, lastAt: kept === 0 ? 0 : now - ago }, now, rules), wanted);
  });
}
