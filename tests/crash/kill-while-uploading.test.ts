import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evenWeights, runCrashRounds } from '#torture/rounds';

test('12 kills during chunked uploads and mounts lose nothing that was acknowledged', async (t) => {
  const result = await runCrashRounds({
    rounds: 12,
    roundsPerStore: 25,
    writers: 3,
    seed: 'uploads',
    stack: 'sqlite-filesystem',
    weights: { ...evenWeights, pushInChunks: 60, resumeUpload: 30, mount: 40, deleteBlob: 15 },
    within: 140_000,
  });
  t.diagnostic(
    `${result.rounds} kills, ${result.acknowledged} writes, slowest start ${Math.max(...result.ready).toFixed()} ms`,
  );
  assert.ok(result.rounds >= 12 && result.acknowledged > result.rounds);
});
