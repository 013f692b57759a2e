import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPartMemory, type PartLease } from './part-memory.ts';

/** Asks for a piece and tells who got one, in the order of getting. */
function createLine(limit: number) {
  const memory = createPartMemory(limit);
  const got: string[] = [];
  const leases = new Map<string, PartLease>();
  return {
    got,
    async ask(name: string, size: number): Promise<void> {
      const lease = await memory.take(size);
      got.push(name);
      leases.set(name, lease);
    },
    async giveBack(name: string, state?: 'spoilt'): Promise<void> {
      leases.get(name)?.release(state);
      await new Promise(setImmediate);
    },
    memoryOf: (name: string) => leases.get(name)?.memory,
  };
}

test('who asks beyond the limit waits, and comes in the order of asking', async () => {
  const line = createLine(10);
  for (const [name, size] of [
    ['a', 4],
    ['b', 4],
    ['c', 8],
    ['d', 1],
    ['e', 2],
  ] as const) {
    void line.ask(name, size);
  }
  await new Promise(setImmediate);
  assert.deepEqual(line.got, ['a', 'b'], 'd would fit, and does not pass c');
  await line.giveBack('a');
  assert.deepEqual(line.got, ['a', 'b']);
  await line.giveBack('b');
  assert.deepEqual(line.got, ['a', 'b', 'c', 'd']);
  await line.giveBack('c');
  assert.deepEqual(line.got, ['a', 'b', 'c', 'd', 'e']);
});

test('a piece larger than everything comes when nobody else has any, and nobody has some beside it', async () => {
  const line = createLine(10);
  void line.ask('small', 1);
  void line.ask('huge', 25);
  void line.ask('next', 1);
  await new Promise(setImmediate);
  assert.deepEqual(line.got, ['small']);
  await line.giveBack('small');
  assert.deepEqual(line.got, ['small', 'huge']);
  assert.equal(line.memoryOf('huge')?.length, 25);
  await line.giveBack('huge');
  assert.deepEqual(line.got, ['small', 'huge', 'next']);
});

test('giving back twice gives back once', async () => {
  const line = createLine(10);
  for (const name of ['a', 'b', 'c']) void line.ask(name, 10);
  await new Promise(setImmediate);
  await line.giveBack('a');
  await line.giveBack('a');
  assert.deepEqual(line.got, ['a', 'b']);
});

test('what was given back is used again while others have some, unless it is spoilt', async () => {
  const line = createLine(10);
  await line.ask('stays', 2);
  await line.ask('first', 4);
  await line.giveBack('first');
  await line.ask('second', 4);
  assert.equal(line.memoryOf('second'), line.memoryOf('first'));
  await line.giveBack('second', 'spoilt');
  await line.ask('third', 4);
  assert.notEqual(line.memoryOf('third'), line.memoryOf('second'));
});

test('pieces in use and kept ones never exceed the limit together, whatever the sizes', async () => {
  const limit = 100_000;
  const memory = createPartMemory(limit);
  const held = new Set<PartLease>();
  const seen = new Map<Buffer, boolean>();
  let most = 0;
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      for (let turn = 0; turn < 50; turn++) {
        const size = 1 + random(30_000);
        const lease = await memory.take(size);
        assert.ok(lease.memory.length >= size);
        assert.notEqual(seen.get(lease.memory), true, 'two have the same piece');
        seen.set(lease.memory, true);
        held.add(lease);
        most = Math.max(
          most,
          [...held].reduce((sum, { memory: { length } }) => sum + length, 0),
        );
        for (let wait = random(4); wait > 0; wait--) await new Promise(setImmediate);
        held.delete(lease);
        seen.set(lease.memory, false);
        lease.release();
      }
    }),
  );
  assert.ok(most <= limit && most > limit / 2, `${most}`);
});
