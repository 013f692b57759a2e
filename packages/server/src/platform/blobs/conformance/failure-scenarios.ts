import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  assertBlob,
  type BlobScenario,
  newUploadId,
  pushBlob,
  requestFor,
  someBytes,
  sourceOf,
  stage,
} from './blob-scenario.ts';

const mebibyte = 1024 * 1024;

/** Sources that end early, uploads that are given up, and what is gone already. */
export const failureScenarios: readonly BlobScenario[] = [
  ...[3000, 18 * mebibyte].map(
    (size): BlobScenario => ({
      name: `a source that fails after ${size} bytes keeps them, and the upload goes on`,
      async run({ store }) {
        const bytes = someBytes(size + 500_000);
        const id = newUploadId();
        const gone = new Error('client gone');
        const source = sourceOf(bytes.subarray(0, size), [65_536], gone);
        const appended = await store.append(id, await store.create(id), 0, source, () => undefined);
        assert.equal(appended.failure, gone);
        assert.equal(appended.written, size);
        const state = await stage(store, id, appended.state, size, bytes.subarray(size));
        await assertBlob(store, await store.commit(id, state, requestFor(bytes, false)), bytes);
      },
    }),
  ),
  {
    name: 'a source that fails at once keeps nothing and spoils nothing',
    async run({ store }) {
      const id = newUploadId();
      const gone = new Error('client gone');
      const appended = await store.append(
        id,
        await store.create(id),
        0,
        sourceOf(someBytes(0), [1], gone),
        () => undefined,
      );
      assert.equal(appended.failure, gone);
      assert.equal(appended.written, 0);
      const state = await stage(store, id, appended.state, 0, someBytes(10));
      await assertBlob(store, await store.commit(id, state, requestFor(someBytes(10))), someBytes(10));
    },
  },
  {
    name: 'a chunk that the caller refuses is not kept, those before it are',
    async run({ store }) {
      const bytes = someBytes(300_000);
      const id = newUploadId();
      const refusal = new Error('over the limit');
      let seen = 0;
      const appended = await store.append(id, await store.create(id), 0, sourceOf(bytes, [100_000]), () => {
        seen++;
        if (seen === 3) {
          throw refusal;
        }
      });
      assert.equal(appended.failure, refusal);
      assert.equal(appended.written, 200_000);
      const kept = bytes.subarray(0, 200_000);
      await assertBlob(store, await store.commit(id, appended.state, requestFor(kept, false)), kept);
    },
  },
  ...[0, 1, 5000, 18 * mebibyte].map(
    (size): BlobScenario => ({
      name: `giving up an upload of ${size} bytes leaves nothing, and giving it up again is silent`,
      async run({ store, assertNoLitter }) {
        const id = newUploadId();
        const state = await stage(store, id, await store.create(id), 0, someBytes(size));
        await store.cancel(id, state);
        await assertNoLitter();
        await store.cancel(id, state);
      },
    }),
  ),
  {
    name: 'giving up an upload that was only begun is silent',
    async run({ store }) {
      const id = newUploadId();
      await store.cancel(id, await store.create(id));
    },
  },
  {
    name: 'giving up an upload after an interrupted and a repeated append leaves nothing',
    async run({ store, reopen }) {
      const id = newUploadId();
      const first = await stage(store, id, await store.create(id), 0, someBytes(4000));
      await stage(store, id, first, 4000, someBytes(5000));
      const second = await reopen();
      const state = await stage(second, id, first, 4000, someBytes(6000));
      await second.cancel(id, state);
    },
  },
  {
    name: 'deleting a blob removes it, and deleting it again is silent',
    async run({ store, reopen }) {
      const location = await pushBlob(store, someBytes(1000));
      await store.delete(location);
      await store.delete(location);
      const second = await reopen();
      assert.equal(await second.stat(location), undefined);
      await second.delete(location);
    },
  },
  {
    name: 'the probe of a working store resolves and leaves nothing',
    async run({ store }) {
      await store.probe();
      await store.probe();
    },
  },
  {
    name: 'a probe that is told to stop ends at once, and leaves nothing',
    async run({ store }) {
      const stopped = store.probe(AbortSignal.abort()).catch((error: unknown) => error);
      const outcome = await Promise.race([stopped, sleep(1000, 'waited')]);
      assert.notEqual(outcome, 'waited');
      await store.probe(AbortSignal.timeout(60_000));
    },
  },
];
