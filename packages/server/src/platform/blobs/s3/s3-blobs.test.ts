import { describeBlobStore } from '#platform/blobs/conformance';
import { createS3Blobs } from '#platform/blobs/s3';
import { startFakeS3 } from '#testing/fake-s3';

describeBlobStore('S3 blobs', {
  async open() {
    const fake = await startFakeS3();
    const config = { ...fake, prefix: 'registry', forcePathStyle: true, redirect: false, redirectExpiresSeconds: 60 };
    return {
      store: await createS3Blobs(config),
      reopen: () => createS3Blobs(config),
      litter: async (committed) => [...fake.listOpenUploads(), ...fake.listKeys().filter((key) => !committed.has(key))],
      [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
    };
  },
});
