import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from './duration.ts';
import { Unparsable } from './unparsable.ts';

const understood: readonly (readonly [given: string, expected: number])[] = [
  ['0s', 0],
  ['500ms', 500],
  ['60s', 60_000],
  ['15m', 900_000],
  ['1.5h', 5_400_000],
  ['1h30m', 5_400_000],
  ['168h', 604_800_000],
  ['7d', 604_800_000],
  [' 2s ', 2000],
];

for (const [given, expected] of understood) {
  test(`the duration ${JSON.stringify(given)} is ${expected} ms`, () => {
    assert.equal(parseDuration(given), expected);
  });
}

for (const given of ['', 's', '-1s', '1 s', '1w', '1S', '1e3s', '1h 30m', '9999999999d', 'Infinity', '0x10s']) {
  test(`${JSON.stringify(given)} is no duration`, () => {
    assert.throws(() => parseDuration(given), Unparsable);
  });
}

test('a bare number is refused with the mend', () => {
  assert.throws(() => parseDuration('60'), { message: 'a duration with its unit: write 60s for seconds' });
});
