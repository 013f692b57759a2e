import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCourtesy } from './courtesy.ts';

/** A thread on which each takes so long, and others work for a share of every rest. */
function openScene(msEach: number) {
  let now = 0;
  let share = 0;
  const naps: number[] = [];
  const courtesy = createCourtesy({
    now: () => now,
    async nap(ms) {
      naps.push(ms);
      return share;
    },
  });
  return {
    courtesy,
    others: (worked: number) => void (share = worked),
    /** One piece and its rest; answers with its size, how long it took and what the rest came to. */
    async piece(most = 1000) {
      naps.length = 0;
      const size = courtesy.size(most);
      await courtesy.timed(size, async () => void (now += size * msEach));
      await courtesy.rest();
      return { size, ms: size * msEach, rest: naps.reduce((sum, ms) => sum + ms, 0) };
    },
  };
}

describe('long work in pieces', () => {
  test('grows from a small one to what takes some milliseconds, and never beyond what is asked for', async () => {
    const { piece } = openScene(0.05);
    assert.deepEqual(await piece(), { size: 10, ms: 0.5, rest: 1 });
    assert.deepEqual(await piece(), { size: 300, ms: 15, rest: 7.5 });
    assert.equal((await piece(7)).size, 7);
  });

  test('goes one by one where each takes long, and rests no longer than is good', async () => {
    const { piece } = openScene(400);
    await piece();
    assert.deepEqual(await piece(), { size: 1, ms: 400, rest: 200 });
  });

  test('gets shorter and rests longer while others work, and back', async () => {
    const { piece, others } = openScene(0.05);
    await piece();
    others(0.9);
    await piece();
    assert.deepEqual(await piece(), { size: 40, ms: 2, rest: 25 });
    others(0.1);
    await piece();
    assert.equal((await piece()).size, 300);
  });

  test('answers and throws what the piece does', async () => {
    const { courtesy } = openScene(1);
    assert.equal(await courtesy.timed(1, async () => 7), 7);
    await assert.rejects(
      courtesy.timed(1, async () => {
        throw new Error('no');
      }),
      /no/,
    );
  });

  test('rests on a real clock too', async () => {
    const courtesy = createCourtesy();
    await courtesy.timed(1, async () => undefined);
    await courtesy.rest();
    assert.ok(courtesy.size(1000) >= 1);
  });
});
