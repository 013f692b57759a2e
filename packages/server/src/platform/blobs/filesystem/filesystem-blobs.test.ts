import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { describeBlobStore } from '#platform/blobs/conformance';
import { createFilesystemBlobs } from '#platform/blobs/filesystem';

const root = await mkdtemp(join(tmpdir(), 'blobs-'));
after(() => rm(root, { recursive: true }));

describeBlobStore('filesystem blobs', {
  async open() {
    const store = await createFilesystemBlobs({ root });
    return {
      store,
      reopen: () => createFilesystemBlobs({ root }),
      litter: async () =>
        (await readdir(join(root, 'uploads'), { recursive: true, withFileTypes: true }))
          .filter((entry) => entry.isFile())
          .map((entry) => entry.name),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    };
  },
});
