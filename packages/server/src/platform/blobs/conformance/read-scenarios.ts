import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { assertBlob, assertFails, type BlobScenario, pushBlob, readAll, someBytes } from './blob-scenario.ts';

const mebibyte = 1024 * 1024;

/** Whole blobs, parts of them, and readers that leave. */
export const readScenarios: readonly BlobScenario[] = [
  {
    name: 'every part of a blob can be read alone',
    async run({ store }) {
      const bytes = someBytes(3 * mebibyte);
      const location = await pushBlob(store, bytes);
      const end = bytes.length - 1;
      for (const [first, last] of [
        [0, 0],
        [0, end],
        [end, end],
        [1, 2],
        [65_535, 65_536],
        [700_001, 2_100_000],
      ] as const) {
        const part = await readAll(await store.open(location, { first, last }));
        assert.ok(part.equals(bytes.subarray(first, last + 1)), `bytes ${first} to ${last} differ`);
      }
    },
  },
  {
    name: 'a part beyond the end of what is stored fails instead of ending early',
    async run({ store }) {
      const location = await pushBlob(store, someBytes(1000));
      const reading = store.open(location, { first: 500, last: 1000 }).then(readAll);
      await assertFails(reading, 'storage-failed');
    },
  },
  {
    name: 'a missing blob has no size and cannot be opened',
    async run({ store }) {
      const location = await pushBlob(store, someBytes(1000));
      await store.delete(location);
      assert.equal(await store.stat(location), undefined);
      await assertFails(store.open(location), 'blob-not-found');
      await assertFails(store.open(location, { first: 0, last: 9 }), 'blob-not-found');
    },
  },
  {
    name: 'a slow consumer gets every byte',
    async run({ store }) {
      const bytes = someBytes(6 * mebibyte);
      const stream = await store.open(await pushBlob(store, bytes));
      const chunks: Buffer[] = [];
      for await (const chunk of stream) {
        chunks.push(chunk);
        await delay(5);
      }
      assert.ok(Buffer.concat(chunks).equals(bytes));
    },
  },
  {
    name: 'a reader that leaves in the middle, before the start or at once spoils nothing',
    async run({ store }) {
      const bytes = someBytes(8 * mebibyte);
      const location = await pushBlob(store, bytes);
      const streams = await Promise.all(Array.from({ length: 3 }, () => store.open(location)));
      const closed = streams.map((stream) => once(stream, 'close'));
      const [middle, , flowing] = streams;
      assert.ok(middle !== undefined && flowing !== undefined);
      await once(middle, 'data');
      flowing.resume();
      for (const stream of streams) {
        stream.destroy();
      }
      await Promise.all(closed);
      await assertBlob(store, location, bytes);
    },
  },
  {
    name: 'a blob deleted under a reader never yields wrong bytes',
    async run({ store }) {
      const bytes = someBytes(8 * mebibyte);
      const location = await pushBlob(store, bytes);
      const stream = await store.open(location);
      await store.delete(location);
      const read = await readAll(stream).catch(() => bytes);
      assert.ok(read.equals(bytes));
    },
  },
  {
    name: 'many readers of one blob each get all of it',
    async run({ store, reopen }) {
      const bytes = someBytes(2 * mebibyte);
      const location = await pushBlob(store, bytes);
      const second = await reopen();
      await Promise.all(
        Array.from({ length: 40 }, (_, index) => assertBlob(index % 2 ? store : second, location, bytes)),
      );
    },
  },
];
