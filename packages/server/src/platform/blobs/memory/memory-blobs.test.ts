import { createMemoryBlobs } from '#platform/blobs/memory';
import { describeBlobStore } from '#platform/blobs/conformance';

describeBlobStore('memory blobs', {
  async open() {
    const store = createMemoryBlobs();
    return {
      store,
      reopen: async () => store,
      litter: async () => [...store.listStaged()],
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    };
  },
});
