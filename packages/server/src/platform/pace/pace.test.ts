import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPace } from './pace.ts';

const never = new AbortController().signal;

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

test('bytes beyond the rate wait', async () => {
  const pace = createPace(1_000_000);
  const took = await timed(async () => {
    for (let step = 0; step < 20; step += 1) await pace.spend(10_000, never);
  });
  assert.ok(took > 150 && took < 2000, `${took} ms for 200 ms of bytes`);
});

test('no rate is no wait', async () => {
  const pace = createPace(0);
  assert.ok((await timed(() => pace.spend(1e12, never))) < 50);
});

test('a wait ends with its signal', async () => {
  const pace = createPace(1);
  await assert.rejects(pace.spend(1000, AbortSignal.timeout(20)));
});

test('what was held up does not make up for more than a second', async () => {
  let now = 0;
  const pace = createPace(1000, () => now);
  now = 3_600_000;
  await pace.spend(1000, never);
  const waiting = pace.spend(100, AbortSignal.timeout(30));
  await assert.rejects(waiting, 'the hour before is no credit');
});
