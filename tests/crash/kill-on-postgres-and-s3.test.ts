import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingStack } from '#support/stack';
import { evenWeights, runCrashRounds } from '#torture/rounds';

const skip = (await missingStack('postgres-s3')) ?? false;

test('kills on PostgreSQL and S3 lose nothing that was acknowledged', { skip }, async (t) => {
  const result = await runCrashRounds({
    rounds: 10,
    roundsPerStore: 10,
    writers: 4,
    seed: 'postgres',
    stack: 'postgres-s3',
    weights: evenWeights,
    within: 40_000,
  });
  t.diagnostic(
    `${result.rounds} kills, ${result.acknowledged} writes, slowest start ${Math.max(...result.ready).toFixed()} ms`,
  );
  assert.ok(result.rounds >= 8 && result.acknowledged > result.rounds);
});
