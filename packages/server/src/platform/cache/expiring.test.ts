import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestClock } from '#testing/test-clock';
import { createExpiring } from './expiring.ts';

test('an entry is forgotten when its time is over', () => {
  const time = createTestClock();
  const entries = createExpiring<string>({ capacity: 10, ttlMs: 1000, clock: time.clock });
  entries.set('a', 'x');
  time.advance(999);
  assert.equal(entries.get('a'), 'x');
  time.advance(1);
  assert.equal(entries.get('a'), undefined);
});

test('an entry may have a time of its own, and setting it again starts anew', () => {
  const time = createTestClock();
  const entries = createExpiring<string>({ capacity: 10, ttlMs: 1000, clock: time.clock });
  entries.set('short', 'x', 10);
  entries.set('long', 'x');
  time.advance(500);
  assert.equal(entries.get('short'), undefined);
  entries.set('long', 'y');
  time.advance(900);
  assert.equal(entries.get('long'), 'y');
});

test('reading an entry does not prolong it', () => {
  const time = createTestClock();
  const entries = createExpiring<string>({ capacity: 10, ttlMs: 1000, clock: time.clock });
  entries.set('a', 'x');
  for (let at = 0; at < 10; at++) {
    time.advance(99);
    entries.get('a');
  }
  time.advance(10);
  assert.equal(entries.get('a'), undefined);
});

test('an entry can be taken back at once', () => {
  const entries = createExpiring<string>({ capacity: 10, ttlMs: 1000, clock: createTestClock().clock });
  entries.set('a', 'x');
  entries.set('b', 'x');
  entries.delete('a');
  assert.deepEqual([entries.get('a'), entries.get('b')], [undefined, 'x']);
  entries.clear();
  assert.equal(entries.get('b'), undefined);
});
