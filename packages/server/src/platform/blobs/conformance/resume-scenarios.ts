import assert from 'node:assert/strict';
import {
  assertBlob,
  assertFails,
  type BlobScenario,
  newUploadId,
  requestFor,
  someBytes,
  stage,
} from './blob-scenario.ts';

const mebibyte = 1024 * 1024;

/** Where a first process may stop, in bytes of the blob. */
const stops = [0, 1, 70_000, 5 * mebibyte, 16 * mebibyte, 16 * mebibyte + 5, 33 * mebibyte + 1];
/** Where a client may go back to after 34 MiB. */
const rewinds = [0, 1000, 16 * mebibyte, 20 * mebibyte, 33 * mebibyte];

/** Uploads that go on in another request, process or replica. */
export const resumeScenarios: readonly BlobScenario[] = [
  ...stops.map(
    (stop): BlobScenario => ({
      name: `an upload stopped after ${stop} bytes goes on in another process`,
      async run({ store, reopen }) {
        const bytes = someBytes(stop + 2 * mebibyte);
        const id = newUploadId();
        const state = await stage(store, id, await store.create(id), 0, bytes.subarray(0, stop));
        const second = await reopen();
        const later = await stage(second, id, state, stop, bytes.subarray(stop));
        await assertBlob(store, await second.commit(id, later, requestFor(bytes, false)), bytes);
      },
    }),
  ),
  {
    name: 'an upload whose process stopped before the commit is committed by another',
    async run({ store, reopen }) {
      const bytes = someBytes(21 * mebibyte);
      const id = newUploadId();
      const state = await stage(store, id, await store.create(id), 0, bytes);
      const second = await reopen();
      await assertBlob(second, await second.commit(id, state, requestFor(bytes, false)), bytes);
    },
  },
  {
    name: 'an upload in many small appends becomes the blob',
    async run({ store, reopen }) {
      const bytes = someBytes(12 * 100_001);
      const id = newUploadId();
      let state = await store.create(id);
      for (let at = 0; at < bytes.length; at += 100_001) {
        state = await stage(await reopen(), id, state, at, bytes.subarray(at, at + 100_001));
      }
      await assertBlob(store, await store.commit(id, state, requestFor(bytes, false)), bytes);
    },
  },
  {
    name: 'an upload in many large appends becomes the blob',
    async run({ store }) {
      const bytes = someBytes(40 * mebibyte);
      const id = newUploadId();
      let state = await store.create(id);
      const step = 7 * mebibyte + 13;
      for (let at = 0; at < bytes.length; at += step) {
        state = await stage(store, id, state, at, bytes.subarray(at, at + step));
      }
      await assertBlob(store, await store.commit(id, state, requestFor(bytes, false)), bytes);
    },
  },
  ...rewinds.map(
    (offset): BlobScenario => ({
      name: `an append at ${offset} drops what was staged beyond it`,
      async run({ store }) {
        const first = someBytes(34 * mebibyte);
        const id = newUploadId();
        let state = await stage(store, id, await store.create(id), 0, first);
        const other = someBytes(100_000, 7);
        state = await stage(store, id, state, offset, other);
        const bytes = Buffer.concat([first.subarray(0, offset), other]);
        await assertBlob(store, await store.commit(id, state, requestFor(bytes, false)), bytes);
      },
    }),
  ),
  {
    name: 'an empty append at an earlier offset cuts the upload there',
    async run({ store }) {
      const bytes = someBytes(5000);
      const id = newUploadId();
      let state = await stage(store, id, await store.create(id), 0, bytes);
      state = await stage(store, id, state, 1234, Buffer.alloc(0));
      const kept = bytes.subarray(0, 1234);
      await assertBlob(store, await store.commit(id, state, requestFor(kept, false)), kept);
    },
  },
  ...[2000, 18 * mebibyte].map(
    (size): BlobScenario => ({
      name: `an append of ${size} bytes whose outcome was never recorded is done again from the old state`,
      async run({ store, reopen }) {
        const bytes = someBytes(17 * mebibyte + size);
        const stop = 17 * mebibyte;
        const id = newUploadId();
        const state = await stage(store, id, await store.create(id), 0, bytes.subarray(0, stop));
        await stage(store, id, state, stop, someBytes(size, 9));
        const second = await reopen();
        const later = await stage(second, id, state, stop, bytes.subarray(stop));
        await assertBlob(store, await second.commit(id, later, requestFor(bytes, false)), bytes);
      },
    }),
  ),
  {
    name: 'an append beyond what was staged is refused',
    async run({ store }) {
      const id = newUploadId();
      const state = await stage(store, id, await store.create(id), 0, someBytes(10));
      const source = (async function* () {
        yield someBytes(5);
      })();
      await assertFails(
        store.append(id, state, 11, source, () => undefined),
        'upload-invalid',
      );
      await store.cancel(id, state);
    },
  },
  {
    name: 'two uploads from two processes run side by side',
    async run({ store, reopen }) {
      const second = await reopen();
      const [left, right] = [someBytes(18 * mebibyte, 3), someBytes(19 * mebibyte, 4)];
      const [leftId, rightId] = [newUploadId(), newUploadId()];
      const [leftState, rightState] = await Promise.all([
        stage(store, leftId, await store.create(leftId), 0, left, [10_000, 1]),
        stage(second, rightId, await second.create(rightId), 0, right, [50_000, 3]),
      ]);
      const [leftAt, rightAt] = await Promise.all([
        second.commit(leftId, leftState, requestFor(left)),
        store.commit(rightId, rightState, requestFor(right)),
      ]);
      assert.notEqual(leftAt, rightAt);
      await Promise.all([assertBlob(store, leftAt, left), assertBlob(second, rightAt, right)]);
    },
  },
];
