import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFields, formatTable } from './table.ts';

test('columns are as wide as their widest cell, and no line ends in spaces', () => {
  const text = formatTable(
    ['NAME', 'SIZE'],
    [
      ['a', '1 B'],
      ['longer', '22 B'],
    ],
  );
  assert.equal(text, 'NAME    SIZE\na       1 B\nlonger  22 B\n');
});

test('fields without a value are left out', () => {
  assert.equal(
    formatFields([
      ['Name', 'x'],
      ['Created', undefined],
      ['Digest', ''],
    ]),
    'Name: x\n',
  );
});

test('text from elsewhere cannot move the cursor', () => {
  assert.equal(formatFields([['Label', 'a\u001b[2Jb\nc']]), 'Label: a [2Jb c\n');
});
