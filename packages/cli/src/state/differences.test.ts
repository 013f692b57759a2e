import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, merged, showable } from './differences.ts';
import { keptSecret } from './secret.ts';

const plain = { sendSecrets: false };

test('what is not said is not compared, at any depth', () => {
  const there = { name: 'x', list: [{ a: 1, b: 2 }], flag: true };
  assert.deepEqual(differences({ name: 'x', list: [{ a: 1, b: undefined }], flag: undefined }, there, plain), []);
  assert.deepEqual(differences({ list: [{ a: 2 }] }, there, plain), [
    { field: 'list', before: [{ a: 1, b: 2 }], after: [{ a: 2 }] },
  ]);
  assert.equal(differences({ list: [{ a: 1 }, { a: 1 }] }, there, plain).length, 1);
  assert.equal(differences({ list: [] }, there, plain).length, 1);
  assert.equal(differences({ flag: false }, there, plain).length, 1);
});

test('everything that is said of something new is a difference, but for its name', () => {
  const fields = differences({ name: 'x', a: false, b: undefined, c: [] }, undefined, { ...plain, except: ['name'] });
  assert.deepEqual(
    fields.map(({ field, before }) => [field, before]),
    [
      ['a', undefined],
      ['c', undefined],
    ],
  );
});

test('secrets differ when there is none, or when they are to be sent again, and are never shown', () => {
  const wanted = { secret: { variable: 'X' } };
  assert.deepEqual(differences(wanted, { secret: keptSecret }, plain), []);
  const missing = [{ field: 'secret', before: undefined, after: '(secret)' }];
  assert.deepEqual(differences(wanted, { secret: undefined }, plain), missing);
  assert.equal(differences(wanted, { secret: keptSecret }, { sendSecrets: true }).length, 1);
  assert.deepEqual(showable({ a: [{ b: { fromFile: 'x', beside: 'y' } }], c: undefined }), { a: [{ b: '(secret)' }] });
});

test('what is there stays where nothing is said', () => {
  assert.deepEqual(merged({ a: 1, b: undefined, c: false }, { a: 0, b: 2, c: true }), { a: 1, b: 2, c: false });
});
