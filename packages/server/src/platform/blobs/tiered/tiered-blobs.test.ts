import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { BlobLocation, BlobStore } from '#platform/blobs';
import { isBlobWalker } from '#platform/blobs/capabilities';
import { describeBlobStore } from '#platform/blobs/conformance';
import { createFilesystemBlobs } from '#platform/blobs/filesystem';
import { createS3Blobs } from '#platform/blobs/s3';
import { createTieredBlobs } from '#platform/blobs/tiered';
import { placeBytes } from '#testing/bit-rot';
import { startFakeS3 } from '#testing/fake-s3';

const root = await mkdtemp(join(tmpdir(), 'tiers-'));
after(() => rm(root, { recursive: true }));

const hotRoot = join(root, 'hot');

async function listStaged(): Promise<string[]> {
  const entries = await readdir(join(hotRoot, 'uploads'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

/** A store of two that are folders. */
async function openFolders(): Promise<BlobStore> {
  return createTieredBlobs({
    hot: await createFilesystemBlobs({ root: hotRoot }),
    cold: await createFilesystemBlobs({ root: join(root, 'cold') }),
  });
}

describeBlobStore('blobs in two folders', {
  async open() {
    const store = await openFolders();
    return {
      store,
      reopen: openFolders,
      litter: listStaged,
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    };
  },
});

/** The cold one of two, seen alone: what moves there has all promises of a store. */
describeBlobStore('blobs in the cold tier, which is S3', {
  async open() {
    const fake = await startFakeS3();
    const config = { ...fake, prefix: 'cold', forcePathStyle: true, redirect: false, redirectExpiresSeconds: 60 };
    const open = async () => {
      const hot = await createFilesystemBlobs({ root: hotRoot });
      return createTieredBlobs({ hot, cold: await createS3Blobs(config) }).tiers.cold;
    };
    return {
      store: await open(),
      reopen: open,
      litter: async (committed) => [
        ...fake.listOpenUploads(),
        ...fake.listKeys().filter((key) => !committed.has(`cold:${key}`)),
      ],
      [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
    };
  },
});

test('a location says in which tier its bytes lie, and everything about them goes there', async () => {
  await using fake = await startFakeS3();
  const hot = await createFilesystemBlobs({ root: join(root, 'one') });
  const cold = await createS3Blobs({ ...fake, forcePathStyle: true, redirect: true, redirectExpiresSeconds: 60 });
  await using store = createTieredBlobs({ hot, cold });
  const near = await placeBytes(store, Buffer.from('near'));
  const far = await placeBytes(store.tiers.cold, Buffer.from('far away'));
  assert.match(far.location, /^cold:b\//);
  assert.deepEqual([store.tierOf(near.location), store.tierOf(far.location)], ['hot', 'cold']);
  assert.deepEqual(await store.stat(far.location), { size: 8 });
  const part = await store.open(far.location, { first: 4, last: 7 });
  assert.equal(Buffer.concat(await part.toArray()).toString(), 'away');
  assert.equal(await store.redirect(near.location, { contentType: 'a/b' }), undefined);
  assert.match((await store.redirect(far.location, { contentType: 'a/b' })) ?? '', /^http/);
  assert.ok(isBlobWalker(store));
  const walked = (await Array.fromAsync(store.walk())).map(({ location }) => location);
  assert.deepEqual(walked.toSorted(), [near.location, far.location].toSorted());
  await store.delete(far.location);
  assert.equal(await store.stat(far.location), undefined);
  assert.ok((await store.stat(near.location)) !== undefined);
});

test('a location that is of no store is refused, and leads out of none', async () => {
  await using store = await openFolders();
  for (const location of ['cold:../../etc/passwd', 'cold:cold:sha256/aa', 'warm:sha256/aa', 'cold:']) {
    await assert.rejects(store.open(location as BlobLocation), { code: 'storage-failed' });
  }
});

test('what lies in an archive is fetched once, the client is told when to come again, and then it is there', async () => {
  await using fake = await startFakeS3({ restoreMs: 300 });
  const config = { ...fake, forcePathStyle: true, redirect: false, redirectExpiresSeconds: 60 };
  const hot = await createFilesystemBlobs({ root: join(root, 'two') });
  const cold = await createS3Blobs({ ...config, storageClass: 'DEEP_ARCHIVE', restoreDays: 2 });
  await using store = createTieredBlobs({ hot, cold });
  const small = await placeBytes(store.tiers.cold, Buffer.from('small'));
  const large = await placeBytes(store.tiers.cold, Buffer.alloc(17 * 1024 * 1024, 7));
  assert.deepEqual(fake.listClasses(), { DEEP_ARCHIVE: 2 });
  for (const { location, bytes } of [small, large]) {
    assert.equal(await store.isArchived(location), true);
    assert.deepEqual(await store.stat(location), { size: bytes.length });
    for (let tries = 0; tries < 3; tries += 1) {
      await assert.rejects(store.open(location, tries === 1 ? { first: 0, last: 1 } : undefined), (error: unknown) => {
        const { code, retryAfter, detail, message } = error as { [Key: string]: unknown };
        assert.equal(code, 'unavailable');
        assert.ok(Number(retryAfter) > 0);
        assert.deepEqual(detail, { archived: true });
        assert.match(String(message), /archive/);
        return true;
      });
    }
  }
  assert.equal(fake.requests.filter(({ operation }) => operation === 'RestoreObject').length, 2, 'each once');
  await new Promise((resolve) => setTimeout(resolve, 350));
  for (const { location, bytes } of [small, large]) {
    assert.equal(await store.isArchived(location), false);
    assert.ok(Buffer.concat(await (await store.open(location)).toArray()).equals(bytes));
  }
});
