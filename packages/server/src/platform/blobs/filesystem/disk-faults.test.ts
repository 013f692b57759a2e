import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { createHash } from 'node:crypto';
import { parseDigest } from '@entrepot/oci/digest';
import type { ErrorCode } from '#kernel/errors';
import { RegistryError } from '#kernel/errors';
import type { BlobLocation, BlobStore, CommitRequest } from '#platform/blobs';
import { createFilesystemBlobs } from '#platform/blobs/filesystem';
import { type FileOperations, nodeFileOperations } from './file-operations.ts';

const id = 'ab0123456789';
const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'blob-faults-'));
  folders.push(folder);
  return folder;
}

function failing(code: string): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error(`${code}: injected`), { code }));
}

async function storeWith(files: Partial<FileOperations>): Promise<{ store: BlobStore; root: string }> {
  const root = await newFolder();
  return { root, store: await createFilesystemBlobs({ root, files: { ...nodeFileOperations, ...files } }) };
}

async function* repeated(chunk: Uint8Array, times: number): AsyncGenerator<Uint8Array> {
  for (let turn = 0; turn < times; turn++) {
    yield chunk;
  }
}

function requestFor(bytes: Uint8Array): CommitRequest {
  const digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  return { digest, size: bytes.length, verified: true };
}

async function append(store: BlobStore, offset: number, chunk: Uint8Array, times = 1): Promise<number> {
  const { written, failure } = await store.append(id, '{}', offset, repeated(chunk, times), () => undefined);
  assert.equal(failure, undefined);
  return written;
}

async function assertFails(work: Promise<unknown>, code: ErrorCode, message?: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof RegistryError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message ?? /./);
    return true;
  });
}

async function filesUnder(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && entry.name !== 'layout').map((entry) => entry.name);
}

test('short writes are continued where they stopped', async () => {
  const { store } = await storeWith({
    writev: (fd, chunks, position) => {
      const [first] = chunks;
      assert.ok(first !== undefined);
      return nodeFileOperations.writev(fd, [first.subarray(0, 7001)], position);
    },
  });
  const chunk = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index % 251));
  assert.equal(await append(store, 0, chunk, 30), 1_500_000);
  const whole = Buffer.concat(Array.from({ length: 30 }, () => chunk));
  const location = await store.commit(id, '{}', { ...requestFor(whole), verified: false });
  assert.ok(Buffer.concat(await (await store.open(location)).toArray()).equals(whole));
});

test('a write that takes no byte fails instead of going on for ever', async () => {
  const { store, root } = await storeWith({ writev: async () => 0 });
  await assertFails(append(store, 0, Buffer.alloc(10)), 'storage-failed');
  assert.deepEqual(await filesUnder(root), []);
});

test('a disk that fills up in the middle of an append drops its bytes and keeps those before', async () => {
  let room = 3_000_000;
  const { store, root } = await storeWith({
    writev: async (fd, chunks, position) => {
      if (room === 0) {
        throw Object.assign(new Error('ENOSPC: injected'), { code: 'ENOSPC' });
      }
      const part = Buffer.concat(chunks).subarray(0, room);
      room -= part.length;
      return nodeFileOperations.writev(fd, [part], position);
    },
  });
  const chunk = Buffer.alloc(100_000, 1);
  assert.equal(await append(store, 0, chunk), 100_000);
  await assertFails(append(store, 100_000, chunk, 90), 'storage-full', /full \(ENOSPC\)/);
  assert.equal((await stat(join(root, 'uploads', 'ab', id))).size, 100_000);
  room = 1_000_000;
  assert.equal(await append(store, 100_000, chunk), 100_000);
  await store.cancel(id, '{}');
});

test('a disk that is full from the start leaves no file', async () => {
  const { store, root } = await storeWith({ writev: failing('EDQUOT') });
  await assertFails(append(store, 0, Buffer.alloc(5_000_000, 1)), 'storage-full', /quota/);
  assert.deepEqual(await filesUnder(root), []);
});

test('a failed early sync of a large append drops the upload and is not tried again', async () => {
  let syncs = 0;
  const { store, root } = await storeWith({
    fdatasync: (_fd) => {
      syncs++;
      return failing('EIO')();
    },
  });
  await assertFails(append(store, 0, Buffer.alloc(1024 * 1024, 1), 80), 'storage-failed', /EIO/);
  assert.equal(syncs, 1);
  assert.deepEqual(await filesUnder(root), []);
  await assertFails(append(store, 100, Buffer.alloc(10)), 'upload-invalid');
});

test('a failed sync at the end of a large append drops the upload', async () => {
  const { store, root } = await storeWith({ fdatasync: failing('EIO') });
  await assertFails(append(store, 0, Buffer.alloc(2_000_000, 1)), 'storage-failed');
  assert.deepEqual(await filesUnder(root), []);
});

test('a failed sync at the commit drops the upload, and no second commit succeeds', async () => {
  let syncs = 0;
  const { store, root } = await storeWith({
    fsync: (fd) => {
      syncs++;
      return syncs === 1 ? failing('EIO')() : nodeFileOperations.fsync(fd);
    },
  });
  const bytes = Buffer.alloc(1000, 1);
  await append(store, 0, bytes);
  await assertFails(store.commit(id, '{}', requestFor(bytes)), 'storage-failed', /Syncing/);
  assert.equal(syncs, 1);
  assert.deepEqual(await filesUnder(root), []);
  await assertFails(store.commit(id, '{}', requestFor(bytes)), 'size-invalid');
});

test('a disk that turns out to be full at the sync is reported as full', async () => {
  const { store } = await storeWith({ fsync: failing('ENOSPC') });
  await append(store, 0, Buffer.alloc(1000));
  await assertFails(store.commit(id, '{}', requestFor(Buffer.alloc(1000))), 'storage-full');
});

test('a failed sync of the folder leaves no file under the final name', async () => {
  let syncs = 0;
  const { store, root } = await storeWith({
    fsync: (fd) => {
      syncs++;
      return syncs === 2 ? failing('EIO')() : nodeFileOperations.fsync(fd);
    },
  });
  await append(store, 0, Buffer.alloc(1000));
  await assertFails(store.commit(id, '{}', requestFor(Buffer.alloc(1000))), 'storage-failed', /folder/);
  assert.deepEqual(await filesUnder(root), []);
});

test('a failed rename keeps the staged bytes for another try', async () => {
  let renames = 0;
  const { store } = await storeWith({
    rename: (from, to) => {
      renames++;
      if (renames === 1) {
        throw Object.assign(new Error('EROFS: injected'), { code: 'EROFS' });
      }
      nodeFileOperations.rename(from, to);
    },
  });
  const bytes = Buffer.alloc(1000, 1);
  await append(store, 0, bytes);
  await assertFails(store.commit(id, '{}', requestFor(bytes)), 'storage-failed', /read-only/);
  const location = await store.commit(id, '{}', requestFor(bytes));
  assert.deepEqual(await store.stat(location), { size: 1000 });
});

test('too many open files are reported as a passing trouble', async () => {
  const { store } = await storeWith({
    open: () => {
      throw Object.assign(new Error('EMFILE: injected'), { code: 'EMFILE' });
    },
  });
  await assert.rejects(append(store, 0, Buffer.alloc(1)), { code: 'unavailable', retryAfter: 1 });
});

test('a blob cut short on the disk fails to open, and in the middle of reading', async () => {
  const { store, root } = await storeWith({});
  const bytes = Buffer.alloc(3_000_000, 1);
  await append(store, 0, bytes);
  const location = await store.commit(id, '{}', requestFor(bytes));
  const stream = await store.open(location, { first: 0, last: bytes.length - 1 });
  execFileSync('truncate', ['-s', '100', join(root, location)]);
  await assertFails(stream.toArray(), 'storage-failed', /shorter/);
  await assertFails(store.open(location, { first: 0, last: bytes.length - 1 }), 'storage-failed', /shorter/);
});

/** Runs the work on a small file system of its own, or skips the test with the reason. */
async function onSmallDisk(t: TestContext, size: string, work: (mountPoint: string) => Promise<void>): Promise<void> {
  const mountPoint = await newFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', mountPoint], { stdio: 'pipe' });
  } catch (error) {
    t.skip(`a tmpfs cannot be mounted here: ${error instanceof Error ? error.message.split('\n')[0] : ''}`);
    return;
  }
  try {
    await work(mountPoint);
  } finally {
    execFileSync('umount', ['-l', mountPoint]);
  }
}

test('a real full disk refuses the append, keeps what is stored readable and works again after a delete', async (t) => {
  await onSmallDisk(t, '24m', async (root) => {
    const store = await createFilesystemBlobs({ root });
    const bytes = Buffer.alloc(10 * 1024 * 1024, 1);
    await append(store, 0, bytes);
    const location = await store.commit(id, '{}', requestFor(bytes));
    await assertFails(append(store, 0, Buffer.alloc(1024 * 1024, 2), 20), 'storage-full');
    assert.equal((await filesUnder(root)).length, 1);
    assert.ok(Buffer.concat(await (await store.open(location)).toArray()).equals(bytes));
    await store.delete(location);
    assert.equal(await append(store, 0, Buffer.alloc(1024 * 1024, 2), 20), 20 * 1024 * 1024);
  });
});

test('a real disk that lacks a few bytes never yields a blob', async (t) => {
  await onSmallDisk(t, '8m', async (root) => {
    const store = await createFilesystemBlobs({ root });
    await assertFails(append(store, 0, Buffer.alloc(8 * 1024 * 1024 + 1)), 'storage-full');
    await assertFails(store.commit(id, '{}', requestFor(Buffer.alloc(8 * 1024 * 1024 + 1))), 'size-invalid');
    assert.deepEqual(await filesUnder(root), []);
  });
});

test('a store mounted read-only serves blobs and says why it takes none', async (t) => {
  await onSmallDisk(t, '24m', async (root) => {
    const first = await createFilesystemBlobs({ root });
    const bytes = Buffer.alloc(1000, 1);
    await append(first, 0, bytes);
    const location = await first.commit(id, '{}', requestFor(bytes));
    execFileSync('mount', ['-o', 'remount,ro', root]);
    const store = await createFilesystemBlobs({ root });
    assert.ok(Buffer.concat(await (await store.open(location)).toArray()).equals(bytes));
    await assertFails(append(store, 0, bytes), 'storage-failed', /read-only/);
    await assertFails(store.probe(), 'storage-failed', /read-only/);
    await assertFails(store.delete(location), 'storage-failed', /read-only/);
  });
});

test('a folder that cannot be written refuses to become a store', async (t) => {
  if (process.getuid?.() === 0) {
    await assertFails(createFilesystemBlobs({ root: '/proc/entrepot' }), 'storage-failed');
    t.diagnostic('as root every folder can be written, so only a folder of the kernel was tried');
    return;
  }
  const root = await newFolder();
  await chmod(root, 0o500);
  await assertFails(createFilesystemBlobs({ root: join(root, 'blobs') }), 'storage-failed', /refuses access/);
});

test('a folder laid out by another version is refused', async () => {
  const { root } = await storeWith({});
  execFileSync('sh', ['-c', 'printf "entrepot blobs 9\\n" > "$1"', 'sh', join(root, 'layout')]);
  await assertFails(createFilesystemBlobs({ root }), 'storage-failed', /another version/);
  assert.equal(await readFile(join(root, 'layout'), 'utf8'), 'entrepot blobs 9\n');
});

test('a location or an id that names a path is refused', async () => {
  const { store } = await storeWith({});
  const hex = 'ab'.padEnd(64, '0');
  for (const location of [
    '../../etc/passwd',
    `sha256/ab/${hex}`,
    `sha256/cd/${hex}.0123456789abcdef`,
    `sha256/ab/${hex}.0123456789abcdef/..`,
    `sha256/ab/../ab/${hex}.0123456789abcdef`,
    `sha512/ab/${hex}.0123456789abcdef`,
    `sha256/ab/${hex}.0123456789abcdef\n`,
    '',
  ] as BlobLocation[]) {
    await assertFails(store.stat(location), 'storage-failed');
    await assertFails(store.open(location), 'storage-failed');
    await assertFails(store.delete(location), 'storage-failed');
  }
  for (const upload of ['../x', 'ab/../../x', 'x', '', 'AB12', 'ab\0', 'ab.', 'ab'.padEnd(200, 'c')]) {
    await assertFails(store.create(upload), 'upload-not-found');
    await assertFails(store.cancel(upload, '{}'), 'upload-not-found');
  }
});
