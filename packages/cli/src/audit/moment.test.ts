import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '#src/failures/failures';
import { readMoment } from './moment.ts';

const now = Date.UTC(2026, 0, 31, 12);

for (const [given, expected] of [
  [undefined, undefined],
  ['2026-01-30', '2026-01-30T00:00:00.000Z'],
  ['2026-01-30T10:00:00+02:00', '2026-01-30T08:00:00.000Z'],
  ['90m', '2026-01-31T10:30:00.000Z'],
  ['24h', '2026-01-30T12:00:00.000Z'],
  ['7d', '2026-01-24T12:00:00.000Z'],
] as const) {
  test(`${given} is ${expected}`, () => assert.equal(readMoment(given, '--since', now), expected));
}

for (const wrong of ['', 'yesterday', '7', '7w', '2026-13-01', '1/2/2026']) {
  test(`${JSON.stringify(wrong)} is no moment`, () => {
    assert.throws(() => readMoment(wrong, '--since', now), UsageError);
  });
}
