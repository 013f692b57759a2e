import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimiter } from './limiter.ts';

test('never more than the limit run at once, in order, and failures free their place', async () => {
  const limit = createLimiter(3);
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, place) =>
      limit(async () => {
        started.push(place);
        most = Math.max(most, ++running);
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        running--;
        if (place % 3 === 0) {
          throw new Error('no');
        }
        return place;
      }),
    ),
  );
  assert.equal(most, 3);
  assert.deepEqual(
    started,
    [...started].toSorted((a, b) => a - b),
  );
  assert.equal(results.filter(({ status }) => status === 'rejected').length, 7);
});
