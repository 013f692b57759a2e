import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatScope, parseScope } from './scope.ts';

const read = [
  { text: 'repository:a/b:pull,push', expected: [{ type: 'repository', name: 'a/b', actions: ['pull', 'push'] }] },
  { text: 'registry:catalog:*', expected: [{ type: 'registry', name: 'catalog', actions: ['*'] }] },
  {
    text: 'repository:host.example:5000/a/b:pull',
    expected: [{ type: 'repository', name: 'host.example:5000/a/b', actions: ['pull'] }],
  },
  {
    text: 'repository(plugin):a/b:pull',
    expected: [{ type: 'repository', class: 'plugin', name: 'a/b', actions: ['pull'] }],
  },
  {
    text: 'repository:a:pull,push repository:b:pull',
    expected: [
      { type: 'repository', name: 'a', actions: ['pull', 'push'] },
      { type: 'repository', name: 'b', actions: ['pull'] },
    ],
  },
];

for (const { text, expected } of read) {
  test(`the scope ${text} is read and written back`, () => {
    assert.deepEqual(parseScope(text), expected);
    assert.equal(formatScope(expected), text);
  });
}

test('repeated and empty actions are dropped, and spaces do not count', () => {
  assert.deepEqual(parseScope('  repository:a:pull,,pull,  '), [{ type: 'repository', name: 'a', actions: ['pull'] }]);
});

test('scopes outside the grammar ask for nothing', () => {
  for (const text of [
    '',
    ':',
    '::',
    'repository',
    'repository:a',
    'repository:a:',
    'repository::pull',
    ':a:pull',
    'repository:a:b:pull',
    'repository:a:1/b:2/c:pull',
    'repository:a:PULL',
    'repository(:a:pull',
    'repository:a"b:pull',
    'repository:a:pull,push;x',
    `repository:a:${'p'.repeat(1 << 16)}`,
    ':'.repeat(1 << 16),
  ]) {
    assert.deepEqual(parseScope(text), [], text.slice(0, 40));
  }
  assert.equal(parseScope('nonsense repository:a:pull').length, 1);
});

test('one scope is written without a list', () => {
  assert.equal(formatScope({ type: 'repository', name: 'a', actions: ['pull'] }), 'repository:a:pull');
});
