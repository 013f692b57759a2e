import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLru } from './lru.ts';

test('what was not used for longest is forgotten first', () => {
  const lru = createLru<number>({ capacity: 3 });
  for (const [key, value] of Object.entries({ a: 1, b: 2, c: 3 })) lru.set(key, value);
  assert.equal(lru.get('a'), 1);
  lru.set('d', 4);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => lru.get(key)),
    [1, undefined, 3, 4],
  );
});

test('a value set again replaces the first and counts once', () => {
  const lru = createLru<string>({ capacity: 80, weight: (value) => value.length });
  lru.set('a', 'xx');
  lru.set('a', 'xxxxx');
  assert.equal(lru.get('a'), 'xxxxx');
  assert.equal(lru.weight, 5);
});

test('the sum of weights never exceeds the capacity', () => {
  const lru = createLru<string>({ capacity: 100, weight: (value) => value.length });
  for (let at = 0; at < 1000; at++) {
    lru.set(`k${at % 37}`, 'x'.repeat(at % 13));
    assert.ok(lru.weight <= 100);
  }
  lru.clear();
  assert.equal(lru.weight, 0);
  assert.equal(lru.get('k1'), undefined);
});

test('a value that is heavier than its share is not kept, nor the older one under its key', () => {
  const lru = createLru<string>({ capacity: 80, weight: (value) => value.length });
  lru.set('a', 'small');
  lru.set('b', 'small');
  lru.set('a', 'x'.repeat(11));
  assert.equal(lru.get('a'), undefined);
  assert.equal(lru.get('b'), 'small', 'the others stay');
});

test('without capacity nothing is kept', () => {
  const lru = createLru<string>({ capacity: 0, weight: (value) => value.length });
  lru.set('a', 'x');
  lru.set('b', 'xx');
  assert.equal(lru.get('a'), undefined);
  assert.equal(lru.get('b'), undefined);
});

test('keys that mean something to JavaScript are keys like others', () => {
  const lru = createLru<string>({ capacity: 10 });
  for (const key of ['__proto__', 'constructor', 'toString', '']) {
    assert.equal(lru.get(key), undefined);
    lru.set(key, key);
    assert.equal(lru.get(key), key);
    lru.delete(key);
    assert.equal(lru.get(key), undefined);
  }
});
