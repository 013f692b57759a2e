import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes } from '#kernel/size';
import { isFarFromFull, isLimit, refuse, warningAbout } from './rules.ts';

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

for (const [bytes, text] of [
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [10 * MiB, '10.0 MiB'],
  [1.2 * GiB, '1.2 GiB'],
  [2 ** 53 - 1, '8.0 PiB'],
] as const) {
  test(`${bytes} bytes read as ${text}`, () => assert.equal(formatBytes(bytes), text));
}

test('a refusal has the words that tools look for', () => {
  assert.equal(
    refuse('storage', 10 * MiB, 1.2 * GiB, 1.2 * GiB).message,
    'adding 10.0 MiB of storage resource, which when updated to current usage of 1.2 GiB will exceed the configured upper limit of 1.2 GiB. Delete what is not needed, or have an administrator raise the limit on bytes.',
  );
  assert.equal(
    refuse('count', 1, 10, 10).message,
    'adding 1 of count resource, which when updated to current usage of 10 will exceed the configured upper limit of 10. Delete artifacts that are not needed, or have an administrator raise the limit on their number.',
  );
});

test('a warning comes above 85 percent, and never without a limit', () => {
  const about = (storage: number, hard: number, count = 0, hardCount = -1) =>
    warningAbout({ storage, count }, { storage: hard, count: hardCount });
  assert.equal(about(850, 1000), undefined);
  assert.equal(about(851, 1000), 'The project uses 851 B of its 1000 B of storage, 85 %.');
  assert.equal(about(10 * GiB, -1), undefined);
  assert.equal(about(0, -1, 85, 100), undefined);
  assert.equal(about(0, -1, 9, 10), 'The project uses 9 of its 10 artifacts, 90 %.');
  assert.equal(
    about(950, 1000, 10, 10),
    'The project uses 950 B of its 1000 B of storage, 95 %, and 10 of its 10 artifacts, 100 %.',
  );
});

test('a limit is a positive number of bytes, or -1', () => {
  assert.deepEqual(
    [-2, -1, 0, 1, 1.5, 2 ** 53].map((hard) => isLimit(hard)),
    [false, true, false, true, false, false],
  );
});

test('a small push into an empty project is far from its limit, a large one and one into a full project are not', () => {
  const of = (adding: number, used: number, margin?: number) =>
    isFarFromFull(adding, { used, hard: 100 * GiB }, margin);
  assert.equal(of(MiB, 0), true);
  assert.equal(of(GiB, 0), false);
  assert.equal(of(MiB, 76 * GiB), false);
  assert.equal(of(90 * MiB, 0, 1.25), false, 'with a margin');
  assert.equal(of(90 * MiB, 0), true);
});

test('256 pushes that each see room for themselves do not overrun the limit together', () => {
  for (const used of [0, 10 * GiB, 50 * GiB, 74 * GiB]) {
    const hard = 100 * GiB;
    let adding = GiB;
    while (!isFarFromFull(adding, { used, hard })) adding = Math.floor(adding * 0.99);
    assert.ok(adding > 0 && used + 256 * adding <= hard, `${used} used, ${adding} each`);
  }
});
