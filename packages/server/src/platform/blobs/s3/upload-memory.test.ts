import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseDigest } from '@entrepot/oci/digest';
import type { BlobStore } from '#platform/blobs';
import { createS3Blobs } from '#platform/blobs/s3';
import { startFakeS3 } from '#testing/fake-s3';

const mebibyte = 1024 * 1024;
const bytes = Buffer.alloc(11 * mebibyte, createHash('sha512').update('seed').digest());
const digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);

/** A store in a process of its own, with its data on the disk: its memory is not ours. */
async function startStoreElsewhere() {
  await using stack = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), 'entrepot-s3-'));
  stack.defer(() => rm(data, { recursive: true, force: true }));
  const main = fileURLToPath(import.meta.resolve('#testing/fake-s3'));
  const child = spawn(process.execPath, [main, '--port', '0', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  stack.defer(async () => {
    child.kill();
    if (child.exitCode === null) await once(child, 'close');
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  while (!said.includes('bucket')) await sleep(10);
  const endpoint = /http:\S+(?=,)/.exec(said)?.[0] ?? '';
  const owned = stack.move();
  return { endpoint, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const openStore = (endpoint: string, uploadMemory: number) =>
  createS3Blobs({
    endpoint,
    region: 'us-east-1',
    bucket: 'blobs',
    accessKeyId: 'fake-access-key',
    secretAccessKey: 'fake-secret-key',
    forcePathStyle: true,
    redirect: false,
    redirectExpiresSeconds: 60,
    uploadMemory,
  });

async function* chunksOf(content: Buffer, pauseMs = 0): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 256 * 1024) {
    yield content.subarray(at, at + 256 * 1024);
    await (pauseMs > 0 ? sleep(pauseMs) : new Promise(setImmediate));
  }
}

async function push(store: BlobStore): Promise<void> {
  const id = randomUUID();
  const { state, failure, written } = await store.append(
    id,
    await store.create(id),
    0,
    chunksOf(bytes),
    () => undefined,
  );
  assert.deepEqual([failure, written], [undefined, bytes.length]);
  const location = await store.commit(id, state, { digest, size: bytes.length, verified: true });
  assert.equal((await store.stat(location))?.size, bytes.length);
}

test('forty uploads at once stay within the memory they were given, and all finish', { timeout: 120_000 }, async () => {
  await using elsewhere = await startStoreElsewhere();
  const limit = 48 * mebibyte;
  await using store = await openStore(elsewhere.endpoint, limit);
  await store.probe();
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }, 5);
  await Promise.all(Array.from({ length: 40 }, () => push(store)));
  clearInterval(watch);
  // Beside the parts: the first 64 KiB of each upload, and the copies that are being hashed in the thread pool.
  const beside = (40 * 64 * 1024 + 4 * 6 * mebibyte) as number;
  assert.ok(most <= limit + beside, `${Math.round(most / mebibyte)} MiB`);
  assert.ok(most > 10 * mebibyte, 'it was measured');
});

test('small blobs go past uploads that have all the memory, and those that break off give it back', async () => {
  await using s3 = await startFakeS3();
  await using store = await createS3Blobs({
    ...s3,
    forcePathStyle: true,
    redirect: false,
    redirectExpiresSeconds: 60,
    uploadMemory: 6 * mebibyte,
  });
  let go: (reason?: Error) => void = () => undefined;
  const gate = new Promise<void>((resolve, reject) => {
    go = (reason) => (reason === undefined ? resolve() : reject(reason));
  });
  async function* stuck() {
    yield bytes.subarray(0, mebibyte);
    await gate;
  }
  const id = randomUUID();
  const holding = store.append(id, await store.create(id), 0, stuck(), () => undefined);
  await sleep(50);
  const waiting = push(store);
  assert.equal(await Promise.race([waiting.then(() => 'done'), sleep(300, 'waits')]), 'waits');
  const small = randomUUID();
  const tiny = bytes.subarray(0, 60_000);
  const appended = await store.append(small, await store.create(small), 0, chunksOf(tiny), () => undefined);
  assert.equal(appended.written, tiny.length);
  go(new Error('the client left'));
  const broken = await holding;
  assert.deepEqual([String(broken.failure), broken.written], ['Error: the client left', mebibyte]);
  await waiting;
  await push(store);
});

test('a store that refuses parts leaves the memory to others', async () => {
  await using s3 = await startFakeS3();
  await using store = await createS3Blobs({
    ...s3,
    forcePathStyle: true,
    redirect: false,
    redirectExpiresSeconds: 60,
    uploadMemory: 16 * mebibyte,
  });
  s3.addFault({
    operations: ['UploadPart', 'PutObject'],
    action: { kind: 'status', status: 403, code: 'AccessDenied' },
  });
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => push(store)));
  assert.ok(outcomes.every(({ status }) => status === 'rejected'));
  s3.clearFaults();
  await Promise.all(Array.from({ length: 6 }, () => push(store)));
});
