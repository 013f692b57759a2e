import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandPermissions, foldPermissions } from './read-permissions.ts';
import { readSize, writeSize } from './read-size.ts';

test('short words stand for permissions, and are found again where all of them are there', () => {
  for (const words of [
    ['pull'],
    ['pull', 'push'],
    ['push'],
    ['pull', 'push', 'delete', 'scan:create'],
    ['tag:list'],
    [],
  ]) {
    assert.deepEqual(foldPermissions(expandPermissions(words)), words);
  }
  assert.deepEqual(foldPermissions(['repository:pull']), ['repository:pull']);
});

test('a size is written as it is read', () => {
  for (const text of ['unlimited', '20GiB', '500MiB', '1536KiB', '1TiB', '1000', '0']) {
    assert.equal(writeSize(readSize(text)), text);
  }
});
