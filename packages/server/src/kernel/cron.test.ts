import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCron } from './cron.ts';
import { RegistryError } from './errors.ts';

const table: readonly (readonly [cron: string, after: string, next: string | undefined, zone?: string])[] = [
  ['0 0 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z'],
  ['0 0 0 * * *', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
  ['0 0 0 * * 0', '2026-01-01T12:00:00Z', '2026-01-04T00:00:00Z'],
  ['0 0 0 * * 7', '2026-01-01T12:00:00Z', '2026-01-04T00:00:00Z'],
  ['0 0 0 ? * SUN', '2026-01-01T12:00:00Z', '2026-01-04T00:00:00Z'],
  ['*/20 * * * * *', '2026-01-01T00:00:05.500Z', '2026-01-01T00:00:20Z'],
  ['59 59 23 31 12 *', '2026-12-31T23:59:59Z', '2027-12-31T23:59:59Z'],
  ['0 30 2 1,15 * *', '2026-01-01T02:30:00Z', '2026-01-15T02:30:00Z'],
  ['0 0 9-17/4 * * MON-FRI', '2026-01-02T17:30:00Z', '2026-01-05T09:00:00Z'],
  ['0 0 0 * * 1/3', '2026-01-01T12:00:00Z', '2026-01-05T00:00:00Z'],
  ['0 5/10 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:05:00Z'],
  ['0 5/10 * * * *', '2026-01-01T00:56:00Z', '2026-01-01T01:05:00Z'],
  ['0 0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
  ['0 0 0 30 2 *', '2026-01-01T00:00:00Z', undefined],
  ['0 0 0 13 * FRI', '2026-01-01T12:00:00Z', '2026-01-02T00:00:00Z'],
  ['0 0 0 1 jan *', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
  ['0 0 3 * * *', '2026-06-01T00:30:00Z', '2026-06-01T01:00:00Z', 'Europe/Berlin'],
  ['0 0 3 * * *', '2026-01-01T00:30:00Z', '2026-01-01T02:00:00Z', 'Europe/Berlin'],
  ['0 0 8 * * *', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', 'Asia/Shanghai'],
  ['0 30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z', 'Europe/Berlin'],
  ['0 30 2 * * *', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00Z', 'Europe/Berlin'],
  ['0 30 2 * * *', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00Z', 'Europe/Berlin'],
  ['0 30 2 * * *', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z', 'Europe/Berlin'],
  ['0 0 0 * * *', '2026-01-01T05:00:00Z', '2026-01-01T18:15:00Z', 'Asia/Kathmandu'],
];

for (const [cron, after, next, zone] of table) {
  test(`after ${after}, ${cron}${zone === undefined ? '' : ` in ${zone}`} is due ${next ?? 'never'}`, () => {
    const due = parseCron(cron, zone).next(Date.parse(after));
    assert.equal(due === undefined ? undefined : new Date(due).toISOString().replace('.000Z', 'Z'), next);
  });
}

for (const cron of [
  '',
  '* * * * *',
  '* * * * * * *',
  '60 * * * * *',
  '* * 24 * * *',
  '* * * 0 * *',
  '* * * * 13 *',
  '* * * * * 8',
  '5-2 * * * * *',
  '*/0 * * * * *',
  'a * * * * *',
  '1- * * * * *',
  '-1 * * * * *',
  '1,,2 * * * * *',
  '1.5 * * * * *',
  `${'1,'.repeat(200)}1 * * * * *`,
]) {
  test(`${JSON.stringify(cron.slice(0, 30))} is no schedule`, () => {
    assert.throws(() => parseCron(cron), RegistryError);
  });
}

test('a zone that nobody knows is refused', () => {
  assert.throws(() => parseCron('0 0 * * * *', 'Mars/Olympus'), /time_zone/);
});

test('a year of every second schedule goes forward without a gap', () => {
  const cron = parseCron('0 */30 * * * *', 'America/New_York');
  let at = Date.UTC(2026, 0, 1);
  for (let count = 0; count < 17_000; count++) {
    const next = cron.next(at);
    assert.ok(next !== undefined && next > at && next - at <= 3_600_000 + 1_800_000, new Date(at).toISOString());
    at = next;
  }
});
