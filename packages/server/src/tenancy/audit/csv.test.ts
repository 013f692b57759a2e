import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvCell, csvHead, csvLine } from './csv.ts';

const table: readonly (readonly [given: string | number | null, expected: string])[] = [
  ['plain', '"plain"'],
  ['', '""'],
  [null, ''],
  [-5, '-5'],
  ['a "quoted" one, with commas', '"a ""quoted"" one, with commas"'],
  ['=1+1', `"'=1+1"`],
  ['+1', `"'+1"`],
  ['-1', `"'-1"`],
  ['@SUM(A1)', `"'@SUM(A1)"`],
  ['\t=1', `"'\t=1"`],
  ['\r=1', `"'\r'=1"`],
  ['\n=1', `"'\n'=1"`],
  ['a\n=1\r\n@x\n-2', `"a\n'=1\r\n'@x\n'-2"`],
  ['\uff1d1+1', `"'\uff1d1+1"`],
  ['a=b', '"a=b"'],
  [' =1', '" =1"'],
  [`=cmd|' /C calc'!A0`, `"'=cmd|' /C calc'!A0"`],
  ['","=1', '""",""=1"'],
];

for (const [given, expected] of table) {
  test(`${JSON.stringify(given)} becomes ${JSON.stringify(expected)}`, () => assert.equal(csvCell(given), expected));
}

test('a line has as many cells as the head', () => {
  const line = csvLine({
    id: 1,
    at: 0,
    actor: '=anna',
    actorId: null,
    address: '192.0.2.1',
    requestId: 'r',
    action: 'delete-project',
    projectId: 3,
    resource: '@team',
    digest: null,
    outcome: 'success',
    detail: '{"a":1}',
  });
  assert.equal(
    line,
    `1,"1970-01-01T00:00:00.000Z","'=anna",,"192.0.2.1","r","delete","project","'@team",3,,"success","{""a"":1}"\r\n`,
  );
  assert.equal(csvHead.split(',').length, 13);
});
