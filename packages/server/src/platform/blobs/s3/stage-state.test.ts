import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readState, type Staged, stagedBytes, tailKey, tailKeys, writeState } from './stage-state.ts';

test('a state survives being written and read', () => {
  const states: Staged[] = [
    { key: 'b/1', parts: [], tails: 0 },
    { key: 'b/1', parts: [], tail: { key: 'b/1', size: 7 }, tails: 1 },
    {
      key: 'b/1',
      uploadId: 'u',
      partSize: 5,
      parts: [
        { etag: '"a"', size: 5 },
        { etag: '"b"', size: 5 },
      ],
      tail: { key: 'b/1.2', size: 3, etag: '"c"' },
      tails: 9,
    },
  ];
  for (const state of states) {
    assert.deepEqual(
      readState(writeState(state), () => true),
      state,
    );
  }
  assert.deepEqual(states.map(stagedBytes), [0, 7, 13]);
});

test('a state of another store or with a key of another bucket is refused', () => {
  for (const text of ['{}', '', 'null', '[2,"b/1"]', '[1,7]', '[1,"../x",null,null,[],null,0]']) {
    assert.throws(() => readState(text, (key) => key === 'b/1'), { code: 'upload-invalid' });
  }
});

test('a tail never goes where the one before it lies', () => {
  for (let number = 1; number < 20; number++) {
    assert.notEqual(tailKey('k', number), tailKey('k', number - 1));
    assert.ok(tailKeys('k', 20).includes(tailKey('k', number)));
  }
  assert.deepEqual(tailKeys('k', 0), []);
  assert.deepEqual(tailKeys('k', 1), ['k']);
  assert.deepEqual(tailKeys('k', 9), ['k', 'k.1', 'k.2']);
});
