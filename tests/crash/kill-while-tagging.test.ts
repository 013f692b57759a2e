import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evenWeights, runCrashRounds } from '#torture/rounds';

test('kills while tags move lose nothing that was acknowledged', async (t) => {
  const result = await runCrashRounds({
    rounds: 10,
    roundsPerStore: 25,
    writers: 6,
    seed: 'tags',
    stack: 'sqlite-filesystem',
    weights: { ...evenWeights, pushInChunks: 2, pushImage: 60, pushIndex: 20, retag: 60, deleteTag: 25 },
    within: 40_000,
  });
  t.diagnostic(
    `${result.rounds} kills, ${result.acknowledged} writes, slowest start ${Math.max(...result.ready).toFixed()} ms`,
  );
  assert.ok(result.rounds >= 2 && result.acknowledged > result.rounds);
});
