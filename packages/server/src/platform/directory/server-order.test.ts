import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestClock } from '#testing/test-clock';
import { createServerOrder } from './server-order.ts';

const server = (host: string) => ({ protection: 'none', host, port: 389 }) as const;
const [first, second] = [server('first'), server('second')];

function setUp() {
  const time = createTestClock();
  const order = createServerOrder([first, second], time.clock);
  return { time, order, hosts: () => [...order.candidates()].map(({ host }) => host) };
}

test('servers are asked in the order they were given', () => {
  const { hosts } = setUp();
  assert.deepEqual(hosts(), ['first', 'second']);
  assert.deepEqual(hosts(), ['first', 'second']);
});

test('a server that did not answer is left alone for a second, then longer and longer, half a minute at most', () => {
  const { order, hosts, time } = setUp();
  for (const pause of [1, 2, 4, 8, 16, 30, 30]) {
    order.failed(first);
    time.advance(pause * 1000 - 1);
    assert.deepEqual(hosts(), ['second']);
    time.advance(1);
    assert.deepEqual(hosts(), ['first', 'second']);
  }
});

test('one asker tries a server again, and the others do not wait for it', () => {
  const { order, hosts, time } = setUp();
  order.failed(first);
  time.advance(1000);
  assert.deepEqual(hosts(), ['first', 'second']);
  assert.deepEqual(hosts(), ['second']);
  order.answered(first);
  assert.deepEqual(hosts(), ['first', 'second']);
});

test('there is nobody to ask while all are left alone', () => {
  const { order, hosts, time } = setUp();
  order.failed(first);
  order.failed(second);
  assert.deepEqual(hosts(), []);
  time.advance(1000);
  assert.deepEqual(hosts(), ['first', 'second']);
});
