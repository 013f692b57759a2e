import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runShippingRounds } from '#torture/shipping';

test('3 kills while changes are shipped every second lose the last moments at most, and break no chain', async (t) => {
  const result = await runShippingRounds({
    rounds: 3,
    writers: 3,
    seed: 'shipping',
    intervalSeconds: 1,
    between: [500, 3500],
  });
  const worst = Math.max(...result.lost);
  t.diagnostic(`${result.acknowledged} pushes, at most ${worst.toFixed()} ms lost, ${result.lineages} lineages`);
  assert.equal(result.lineages, 1);
  // One interval, and the rounds before and after it, on a machine that has other things to do.
  assert.ok(worst < 10_000, `${worst} ms lost`);
  assert.ok(result.acknowledged > 5);
});
