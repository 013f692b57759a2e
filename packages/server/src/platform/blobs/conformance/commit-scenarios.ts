import assert from 'node:assert/strict';
import {
  assertBlob,
  assertFails,
  type BlobScenario,
  digestOf,
  newUploadId,
  pushBlob,
  requestFor,
  someBytes,
  stage,
} from './blob-scenario.ts';

const mebibyte = 1024 * 1024;
const sizes = {
  '0 bytes': 0,
  '1 byte': 1,
  '64 KiB': 65_536,
  '5 MiB and a byte': 5 * mebibyte + 1,
  '20 MiB': 20 * mebibyte,
};

const roundTrips = Object.entries(sizes).flatMap(([text, size]): BlobScenario[] =>
  [true, false].map((verified) => ({
    name: `a blob of ${text} comes back as it was ${verified ? 'pushed' : 'pushed, hashed by the store'}`,
    async run({ store }) {
      const bytes = someBytes(size);
      await assertBlob(store, await pushBlob(store, bytes, verified), bytes);
    },
  })),
);

/** Uploads that become blobs, and uploads that must not. */
export const commitScenarios: readonly BlobScenario[] = [
  ...roundTrips,
  {
    name: 'an upload that nothing was appended to becomes the empty blob',
    async run({ store }) {
      const id = newUploadId();
      const location = await store.commit(id, await store.create(id), requestFor(Buffer.alloc(0)));
      await assertBlob(store, location, Buffer.alloc(0));
    },
  },
  {
    name: 'a sha512 blob is hashed by the store and comes back',
    async run({ store }) {
      const bytes = someBytes(100_000);
      const id = newUploadId();
      const state = await stage(store, id, await store.create(id), 0, bytes);
      const request = { digest: digestOf(bytes, 'sha512'), size: bytes.length, verified: false };
      await assertBlob(store, await store.commit(id, state, request), bytes);
    },
  },
  {
    name: 'bytes in chunks of odd sizes are kept in order',
    async run({ store }) {
      const bytes = someBytes(3 * mebibyte + 7);
      const id = newUploadId();
      const state = await stage(store, id, await store.create(id), 0, bytes, [1, 977, 65_536, 0, 3, 300_001]);
      await assertBlob(store, await store.commit(id, state, requestFor(bytes)), bytes);
    },
  },
  {
    name: 'thousands of tiny chunks are kept in order',
    async run({ store }) {
      const bytes = someBytes(30_000);
      const id = newUploadId();
      const state = await stage(store, id, await store.create(id), 0, bytes, [7]);
      await assertBlob(store, await store.commit(id, state, requestFor(bytes)), bytes);
    },
  },
  ...[1000, 5 * mebibyte + 10, 17 * mebibyte].map(
    (size): BlobScenario => ({
      name: `a wrong digest for ${size} bytes is refused`,
      async run({ store }) {
        const bytes = someBytes(size);
        const id = newUploadId();
        const state = await stage(store, id, await store.create(id), 0, bytes);
        const request = { digest: digestOf(someBytes(size, 2)), size, verified: false };
        await assertFails(store.commit(id, state, request), 'digest-mismatch');
        await store.cancel(id, state);
      },
    }),
  ),
  {
    name: 'a wrong size is refused, and the staged bytes still make the blob afterwards',
    async run({ store }) {
      const bytes = someBytes(70_000);
      const id = newUploadId();
      const state = await stage(store, id, await store.create(id), 0, bytes);
      for (const size of [0, bytes.length - 1, bytes.length + 1]) {
        await assertFails(store.commit(id, state, { ...requestFor(bytes), size }), 'size-invalid');
      }
      await assertBlob(store, await store.commit(id, state, requestFor(bytes)), bytes);
    },
  },
  {
    name: 'after a wrong digest the staged bytes still make the blob they are',
    async run({ store }) {
      const bytes = someBytes(18 * mebibyte);
      const id = newUploadId();
      const state = await stage(store, id, await store.create(id), 0, bytes);
      const wrong = { digest: digestOf(someBytes(9)), size: bytes.length, verified: false };
      await assertFails(store.commit(id, state, wrong), 'digest-mismatch');
      await assertBlob(store, await store.commit(id, state, requestFor(bytes, false)), bytes);
    },
  },
  {
    name: 'the same digest committed at the same time gets distinct locations, and deleting one leaves the others',
    async run({ store }) {
      const bytes = someBytes(200_000);
      const [first, ...others] = await Promise.all(Array.from({ length: 6 }, () => pushBlob(store, bytes)));
      assert.ok(first !== undefined);
      assert.equal(new Set([first, ...others]).size, 6);
      await store.delete(first);
      assert.equal(await store.stat(first), undefined);
      for (const location of others) {
        await assertBlob(store, location, bytes);
      }
    },
  },
  {
    name: 'many uploads at a time do not mix their bytes',
    async run({ store, reopen }) {
      const second = await reopen();
      await Promise.all(
        Array.from({ length: 12 }, async (_, index) => {
          const bytes = someBytes(index % 3 === 0 ? 6 * mebibyte : 10_000 * index, index + 1);
          const [writer, reader] = index % 2 === 0 ? [store, second] : [second, store];
          await assertBlob(reader, await pushBlob(writer, bytes), bytes);
        }),
      );
    },
  },
];
