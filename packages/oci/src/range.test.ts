import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatUploadRange, parseContentRange, parseRangeHeader } from './range.ts';

test('the range of a chunk is two numbers and a dash', () => {
  assert.deepEqual(parseContentRange('0-0'), { first: 0, last: 0 });
  assert.deepEqual(parseContentRange('10-99'), { first: 10, last: 99 });
  const unreadable = [
    '',
    '-',
    '1-',
    '-1',
    'bytes 0-5',
    '0-5/6',
    '5-4',
    '0 - 5',
    '0-5\n',
    '+0-5',
    '0x0-5',
    '1e1-99',
    '0-99999999999999999',
    '9007199254740992-9007199254740993',
  ];
  for (const text of unreadable) {
    assert.equal(parseContentRange(text), undefined, text);
  }
});

test('the range of an upload never names a byte before the first', () => {
  assert.equal(formatUploadRange(0), '0-0');
  assert.equal(formatUploadRange(1), '0-0');
  assert.equal(formatUploadRange(1024), '0-1023');
});

const whole = { kind: 'whole' };
const unsatisfiable = { kind: 'unsatisfiable' };
const ranges = (...pairs: [number, number][]) => ({
  kind: 'ranges',
  ranges: pairs.map(([first, last]) => ({ first, last })),
});

const table = [
  { header: undefined, expected: whole },
  { header: '', expected: whole },
  { header: 'items=0-5', expected: whole },
  { header: 'bytes', expected: whole },
  { header: 'bytes=', expected: whole },
  { header: 'bytes=,', expected: whole },
  { header: 'bytes=-', expected: whole },
  { header: 'bytes=a-b', expected: whole },
  { header: 'bytes=0-5,x', expected: whole },
  { header: 'bytes=0--5', expected: whole },
  { header: 'bytes=0 - 5', expected: whole },
  { header: 'bytes=0-0', expected: ranges([0, 0]) },
  { header: 'BYTES=0-9', expected: ranges([0, 9]) },
  { header: 'bytes=0-2047', expected: ranges([0, 2047]) },
  { header: 'bytes=-500', expected: ranges([1548, 2047]) },
  { header: 'bytes=500-', expected: ranges([500, 2047]) },
  { header: 'bytes=2000-5000', expected: ranges([2000, 2047]) },
  { header: 'bytes=-99999', expected: ranges([0, 2047]) },
  { header: 'bytes=0-99999999999999999999999999', expected: ranges([0, 2047]) },
  { header: 'bytes=500-0', expected: unsatisfiable },
  { header: 'bytes=5000-10000', expected: unsatisfiable },
  { header: 'bytes=2048-', expected: unsatisfiable },
  { header: 'bytes=-0', expected: unsatisfiable },
  { header: 'bytes=9999999999999999999999-', expected: unsatisfiable },
  { header: 'bytes=5000-,-0', expected: unsatisfiable },
  { header: 'bytes=0-9, 20-29 ,,40-49', expected: ranges([0, 9], [20, 29], [40, 49]) },
  { header: 'bytes=20-29,0-9', expected: ranges([20, 29], [0, 9]) },
  { header: 'bytes=0-9,5000-6000', expected: ranges([0, 9]) },
  { header: 'bytes=0-9,5-19', expected: ranges([0, 19]) },
  { header: 'bytes=10-19,0-9', expected: ranges([0, 19]) },
  { header: 'bytes=0-,0-', expected: whole },
  { header: `bytes=${'0-0,'.repeat(100)}`, expected: ranges([0, 0]) },
  { header: `bytes=${'0-0,'.repeat(101)}`, expected: whole },
  { header: `bytes=${','.repeat(5000)}0-0`, expected: whole },
];

for (const { header, expected } of table) {
  test(`Range ${JSON.stringify(header?.slice(0, 40))} of 2048 bytes`, () => {
    assert.deepEqual(parseRangeHeader(header, 2048), expected);
  });
}

test('no range of an empty representation can be satisfied', () => {
  for (const header of ['bytes=0-', 'bytes=0-0', 'bytes=-1']) {
    assert.deepEqual(parseRangeHeader(header, 0), unsatisfiable);
  }
});
