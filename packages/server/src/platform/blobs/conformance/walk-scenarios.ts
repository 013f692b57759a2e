import assert from 'node:assert/strict';
import type { BlobLocation } from '#platform/blobs';
import { isBlobWalker } from '#platform/blobs/capabilities';
import { type BlobScenario, newUploadId, pushBlob, someBytes, stage } from './blob-scenario.ts';

const mebibyte = 1024 * 1024;

/** What stores that can list themselves promise; the others pass. */
export const walkScenarios: readonly BlobScenario[] = [
  {
    name: 'a walk shows every blob with its size and time, and none that was deleted',
    async run({ store }) {
      if (!isBlobWalker(store)) return;
      const from = Date.now() - 2000;
      const sizes = new Map<BlobLocation, number>();
      for (const size of [0, 1, 1000, 6 * mebibyte]) {
        sizes.set(await pushBlob(store, someBytes(size, 20 + sizes.size)), size);
      }
      const gone = await pushBlob(store, someBytes(77));
      await store.delete(gone);
      const walked = new Map<BlobLocation, number>();
      for await (const { location, size, modifiedAt } of store.walk()) {
        walked.set(location, size);
        if (sizes.has(location)) assert.ok(modifiedAt >= from && modifiedAt <= Date.now() + 2000, String(modifiedAt));
      }
      for (const [location, size] of sizes) assert.equal(walked.get(location), size);
      assert.ok(!walked.has(gone));
    },
  },
  {
    name: 'a walk shows nothing of an upload whose bytes are larger than a part and not committed',
    async run({ store }) {
      if (!isBlobWalker(store)) return;
      const before = await Array.fromAsync(store.walk());
      const id = newUploadId();
      const state = await stage(store, id, await store.create(id), 0, someBytes(17 * mebibyte, 31));
      const named = (await Array.fromAsync(store.walk())).filter(
        ({ location }) => !before.some((other) => other.location === location),
      );
      // What is complete of it already is named in its state, so that a caller can tell.
      for (const { location } of named) assert.ok(state.includes(location.replace(/^cold:|\.[12]$/g, '')), location);
      await store.cancel(id, state);
    },
  },
];
