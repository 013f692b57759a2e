import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evenWeights, runCrashRounds } from '#torture/rounds';

test('12 kills while tags move lose nothing that was acknowledged', async (t) => {
  const result = await runCrashRounds({
    rounds: 12,
    roundsPerStore: 25,
    writers: 6,
    seed: 'tags',
    stack: 'sqlite-filesystem',
    weights: { ...evenWeights, pushInChunks: 2, pushImage: 60, pushIndex: 20, retag: 60, deleteTag: 25 },
    within: 140_000,
  });
  t.diagnostic(
    `${result.rounds} kills, ${result.acknowledged} writes, slowest start ${Math.max(...result.ready).toFixed()} ms`,
  );
  assert.ok(result.rounds >= 12 && result.acknowledged > result.rounds);
});
