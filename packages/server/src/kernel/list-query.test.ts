import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Condition, readListQuery } from './list-query.ts';

const conditions: readonly (readonly [q: string, wanted: readonly Condition[]])[] = [
  ['', []],
  ['name=a', [{ kind: 'is', field: 'name', value: 'a' }]],
  ['name=~a', [{ kind: 'like', field: 'name', value: 'a' }]],
  ['name=\\~a', [{ kind: 'is', field: 'name', value: '~a' }]],
  ['size=[1~5]', [{ kind: 'between', field: 'size', from: '1', to: '5' }]],
  ['size=[~5]', [{ kind: 'between', field: 'size', from: undefined, to: '5' }]],
  ['name={a b}', [{ kind: 'any', field: 'name', values: ['a', 'b'] }]],
  ['name={a "b c"}', [{ kind: 'any', field: 'name', values: ['a', 'b c'] }]],
  ['tags=(a b)', [{ kind: 'all', field: 'tags', values: ['a', 'b'] }]],
  [
    'a=1, b=~x,c=[1~2]',
    [
      { kind: 'is', field: 'a', value: '1' },
      { kind: 'like', field: 'b', value: 'x' },
      { kind: 'between', field: 'c', from: '1', to: '2' },
    ],
  ],
  ['a={x, y}', [{ kind: 'any', field: 'a', values: ['x,', 'y'] }]],
  ["a=it's", [{ kind: 'is', field: 'a', value: "it's" }]],
  [
    'Level%3Dproject%2CProjectID%3D2',
    [
      { kind: 'is', field: 'Level', value: 'project' },
      { kind: 'is', field: 'ProjectID', value: '2' },
    ],
  ],
  ['a=b=c', [{ kind: 'is', field: 'a', value: 'b=c' }]],
];

describe('q', () => {
  for (const [q, wanted] of conditions) {
    test(`reads ${JSON.stringify(q)}`, () => assert.deepEqual(readListQuery({ q }).conditions, wanted));
  }

  for (const q of [
    'a',
    '=a',
    'a=',
    'a b=c',
    "a';--=1",
    'a=1,a=2',
    'a={}',
    'a=[1]',
    'a=[1~2~3]',
    `a={${'x '.repeat(101)}}`,
  ]) {
    test(`refuses ${JSON.stringify(q.slice(0, 20))}`, () => {
      assert.throws(() => readListQuery({ q }), { code: 'query-invalid' });
    });
  }

  test('refuses more conditions than anybody writes', () => {
    const q = Array.from({ length: 21 }, (_, at) => `a${at}=1`).join(',');
    assert.throws(() => readListQuery({ q }), { code: 'query-invalid' });
  });
});

describe('sort', () => {
  test('reads fields and directions', () => {
    assert.deepEqual(readListQuery({ sort: 'name,-push_time,+id' }).sort, [
      { field: 'name', descending: false },
      { field: 'push_time', descending: true },
      { field: 'id', descending: false },
    ]);
  });

  for (const sort of [';select', '-id,(select 1)', 'a b', '--a', 'a,b,c,d,e,f']) {
    test(`refuses ${sort}`, () => assert.throws(() => readListQuery({ sort }), { code: 'query-invalid' }));
  }
});

test('a page is the first of ten unless said otherwise, and all of it for nothing or less', () => {
  assert.deepEqual(readListQuery({}), { conditions: [], sort: [], page: 1, pageSize: 10 });
  assert.equal(readListQuery({ page: 0 }).page, 1);
  assert.equal(readListQuery({ page: 3, page_size: 100 }).pageSize, 100);
  assert.equal(readListQuery({ page_size: 0 }).pageSize, 1000);
  assert.equal(readListQuery({ page_size: -1 }).pageSize, 1000);
});
