import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evenWeights, runCrashRounds } from '#torture/rounds';

test('kills during mixed pushes lose nothing that was acknowledged', async (t) => {
  const result = await runCrashRounds({
    rounds: 10,
    roundsPerStore: 25,
    writers: 4,
    seed: 'mixed',
    stack: 'sqlite-filesystem',
    weights: evenWeights,
    within: 40_000,
  });
  t.diagnostic(
    `${result.rounds} kills, ${result.acknowledged} writes, slowest start ${Math.max(...result.ready).toFixed()} ms`,
  );
  assert.ok(result.rounds >= 2 && result.acknowledged > result.rounds);
});
