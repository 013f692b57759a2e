import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import dns from 'node:dns';
import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { parseDigest } from '@entrepot/oci/digest';
import { type ErrorCode, RegistryError } from '#kernel/errors';
import type { BlobLocation, BlobRedirector, BlobStore } from '#platform/blobs';
import { createS3Blobs, type S3BlobsConfig } from '#platform/blobs/s3';
import { type FakeS3, type FakeS3Options, startFakeS3 } from '#testing/fake-s3';

const mebibyte = 1024 * 1024;

interface Bench extends AsyncDisposable {
  readonly fake: FakeS3;
  readonly store: BlobStore & BlobRedirector;
}

async function openBench(config: Partial<S3BlobsConfig> = {}, options: FakeS3Options = {}): Promise<Bench> {
  const fake = await startFakeS3(options);
  const basic = { ...fake, forcePathStyle: true, redirect: true, redirectExpiresSeconds: 60, partSize: 5 * mebibyte };
  const store = await createS3Blobs({ ...basic, connectTimeoutMs: 500, idleTimeoutMs: 700, ...config });
  return {
    fake,
    store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
}

function someBytes(size: number): Buffer {
  return Buffer.alloc(size, createHash('sha512').update(String(size)).digest());
}

async function pushBlob(store: BlobStore, bytes: Buffer, verified = true): Promise<BlobLocation> {
  const id = randomUUID();
  const digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  const { state, failure } = await store.append(id, await store.create(id), 0, chunksOf(bytes), () => undefined);
  assert.equal(failure, undefined);
  return store.commit(id, state, { digest, size: bytes.length, verified });
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_000) {
    yield bytes.subarray(at, at + 100_000);
  }
}

async function readAll(store: BlobStore, location: BlobLocation): Promise<Buffer> {
  return Buffer.concat(await (await store.open(location)).toArray());
}

function countOf(fake: FakeS3, operation: string): number {
  return fake.requests.filter((request) => request.operation === operation).length;
}

async function assertFails(work: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof RegistryError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /fake-(access|secret)-key/);
    return true;
  });
}

test('a small blob is one object, written once and never moved', async () => {
  await using bench = await openBench();
  const { fake, store } = bench;
  await pushBlob(store, someBytes(1000));
  assert.deepEqual(
    fake.requests.map(({ operation }) => operation),
    ['PutObject', 'HeadObject'],
  );
});

/** Where requests are counted, a busy machine must not look like a silent store. */
const patient = { connectTimeoutMs: 30_000, idleTimeoutMs: 30_000 };

test('the parts of a blob travel once, only the last one twice', async () => {
  await using bench = await openBench(patient);
  const { fake, store } = bench;
  const bytes = someBytes(23 * mebibyte);
  const location = await pushBlob(store, bytes);
  assert.equal(countOf(fake, 'UploadPart'), 5);
  assert.equal(countOf(fake, 'PutObject'), 1);
  assert.equal(countOf(fake, 'GetObject'), 0);
  assert.ok((await readAll(store, location)).equals(bytes));
});

test('passing errors and resets are tried again', async () => {
  await using bench = await openBench();
  const { fake, store } = bench;
  for (const action of [
    { kind: 'status', status: 503, code: 'SlowDown' },
    { kind: 'reset' },
    { kind: 'status', status: 500, code: 'InternalError' },
  ] as const) {
    fake.addFault({ times: 1, action });
  }
  const bytes = someBytes(12 * mebibyte);
  assert.ok((await readAll(store, await pushBlob(store, bytes, false))).equals(bytes));
});

test('of many pushes and pulls with a tenth of the requests failing all succeed', async () => {
  await using bench = await openBench();
  const { fake, store } = bench;
  fake.addFault({ share: 0.07, action: { kind: 'status', status: 503, code: 'SlowDown' } });
  fake.addFault({ share: 0.03, action: { kind: 'reset' } });
  const jobs = Array.from({ length: 60 }, async (_, index) => {
    const bytes = someBytes(index % 10 === 0 ? 6 * mebibyte : 1000 * index);
    assert.ok((await readAll(store, await pushBlob(store, bytes))).equals(bytes));
  });
  await Promise.all(jobs);
});

test('a store that stays in trouble is reported as unavailable, with when to come again', async () => {
  await using bench = await openBench();
  const { fake, store } = bench;
  fake.addFault({ action: { kind: 'status', status: 503, code: 'ServiceUnavailable' } });
  await assert.rejects(pushBlob(store, someBytes(10)), { code: 'unavailable', retryAfter: 5 });
  assert.equal(countOf(fake, 'PutObject'), 4);
  await assertFails(store.probe(), 'unavailable', /ServiceUnavailable, HTTP 503/);
});

test('a silent store is reported as unavailable', async () => {
  await using bench = await openBench({ idleTimeoutMs: 100 });
  const { fake, store } = bench;
  fake.addFault({ action: { kind: 'silence' } });
  await assertFails(pushBlob(store, someBytes(10)), 'unavailable', /TimeoutError|ETIMEDOUT/);
  const location = (JSON.parse(await store.create('x')) as string[])[1] as BlobLocation;
  await assertFails(store.open(location), 'unavailable', /TimeoutError|ETIMEDOUT/);
});

test('a store that is not there is reported as unavailable', async () => {
  const bench = await openBench();
  await bench.fake[Symbol.asyncDispose]();
  await assertFails(bench.store.probe(), 'unavailable', /ECONNREFUSED|ECONNRESET/);
});

test('a refused key is reported as failed, without naming it', async () => {
  await using bench = await openBench({ secretAccessKey: 'other' });
  await assertFails(bench.store.probe(), 'storage-failed', /SignatureDoesNotMatch, HTTP 403/);
});

test('a missing bucket is reported as failed', async () => {
  await using bench = await openBench({ bucket: 'elsewhere' });
  await assertFails(bench.store.probe(), 'storage-failed', /NoSuchBucket, HTTP 404/);
});

test('a full store is reported as full', async () => {
  await using bench = await openBench();
  bench.fake.addFault({ action: { kind: 'status', status: 507, code: 'XMinioStorageFull' } });
  await assertFails(pushBlob(bench.store, someBytes(10)), 'storage-full', /XMinioStorageFull/);
});

for (const kind of ['lost-answer', 'no-answer'] as const) {
  test(`a complete with ${kind} is settled by looking at the object`, async () => {
    await using bench = await openBench();
    const { fake, store } = bench;
    fake.addFault({ operations: ['CompleteMultipartUpload'], times: 1, action: { kind } });
    const bytes = someBytes(11 * mebibyte);
    assert.ok((await readAll(store, await pushBlob(store, bytes))).equals(bytes));
    assert.deepEqual(fake.listOpenUploads(), []);
  });
}

test('a complete that fails in the body of a 200 is tried again', async () => {
  await using bench = await openBench();
  const { fake, store } = bench;
  const fault = { kind: 'error-in-200', code: 'InternalError' } as const;
  fake.addFault({ operations: ['CompleteMultipartUpload'], times: 1, action: fault });
  const bytes = someBytes(11 * mebibyte);
  assert.ok((await readAll(store, await pushBlob(store, bytes))).equals(bytes));
});

test('a complete that never works leaves the upload for a later commit', async () => {
  await using bench = await openBench();
  const { fake, store } = bench;
  const bytes = someBytes(11 * mebibyte);
  const id = randomUUID();
  const { state } = await store.append(id, await store.create(id), 0, chunksOf(bytes), () => undefined);
  const digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  const request = { digest, size: bytes.length, verified: true };
  fake.addFault({
    operations: ['CompleteMultipartUpload'],
    action: { kind: 'status', status: 500, code: 'InternalError' },
  });
  await assertFails(store.commit(id, state, request), 'unavailable', /InternalError/);
  fake.clearFaults();
  assert.ok((await readAll(store, await store.commit(id, state, request))).equals(bytes));
});

test('an append that the store refuses drops the upload that it began', async () => {
  await using bench = await openBench();
  const { fake, store } = bench;
  fake.addFault({
    operations: ['UploadPart'],
    skip: 1,
    action: { kind: 'status', status: 403, code: 'AccessDenied' },
  });
  await assertFails(pushBlob(store, someBytes(17 * mebibyte)), 'storage-failed', /AccessDenied/);
  assert.deepEqual(fake.listOpenUploads(), []);
  assert.deepEqual(fake.listKeys(), []);
});

test('an append of which only the tail was lost leaves an upload that commits from the recorded state', async () => {
  await using bench = await openBench();
  const { store } = bench;
  const bytes = someBytes(7 * mebibyte);
  const id = randomUUID();
  const { state } = await store.append(id, await store.create(id), 0, chunksOf(bytes), () => undefined);
  await store.append(id, state, bytes.length, chunksOf(someBytes(1000)), () => undefined);
  const digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  const location = await store.commit(id, state, { digest, size: bytes.length, verified: false });
  assert.ok((await readAll(store, location)).equals(bytes));
});

for (const kind of ['cut', 'stall'] as const) {
  test(`a reader goes on after a ${kind} in the middle of the body`, async () => {
    await using bench = await openBench({ idleTimeoutMs: 150 });
    const { fake, store } = bench;
    const bytes = someBytes(6 * mebibyte);
    const location = await pushBlob(store, bytes);
    fake.addFault({ operations: ['GetObject'], times: 3, action: { kind, after: 1_500_000 } });
    assert.ok((await readAll(store, location)).equals(bytes));
    assert.equal(countOf(fake, 'GetObject'), 4);
  });
}

test('a reader whose connections all break at once fails instead of ending early', async () => {
  await using bench = await openBench();
  const { fake, store } = bench;
  const location = await pushBlob(store, someBytes(mebibyte));
  fake.addFault({ operations: ['GetObject'], action: { kind: 'cut', after: 0 } });
  await assert.rejects(readAll(store, location), { code: 'unavailable' });
});

test('a consumer may pause for longer than the store may be silent', async () => {
  await using bench = await openBench({ idleTimeoutMs: 100 });
  const { fake, store } = bench;
  const bytes = someBytes(6 * mebibyte);
  const stream = await store.open(await pushBlob(store, bytes));
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    if (chunks.length === 3) {
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  assert.ok(Buffer.concat(chunks).equals(bytes));
  assert.equal(countOf(fake, 'GetObject'), 1);
});

test('a destroyed reader closes its connection', async () => {
  await using bench = await openBench();
  const { fake, store } = bench;
  const location = await pushBlob(store, someBytes(20 * mebibyte));
  const stream = await store.open(location);
  await once(stream, 'data');
  const closed = once(stream, 'close');
  stream.destroy();
  await closed;
  assert.equal(countOf(fake, 'GetObject'), 1);
});

test('a redirect leads to the bytes with the asked type, for a limited time', async () => {
  let now = Date.now();
  await using bench = await openBench({}, { now: () => new Date(now) });
  const { store } = bench;
  const bytes = someBytes(1000);
  const address = await store.redirect(await pushBlob(store, bytes), { contentType: 'application/octet-stream' });
  assert.ok(address !== undefined);
  const answer = await fetch(address, { headers: { range: 'bytes=10-19' } });
  assert.equal(answer.status, 206);
  assert.equal(answer.headers.get('content-type'), 'application/octet-stream');
  assert.equal(answer.headers.get('content-disposition'), 'attachment');
  assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes.subarray(10, 20)));
  assert.equal((await fetch(`${address}0`)).status, 403);
  now += 61_000;
  assert.equal((await fetch(address)).status, 403);
});

test('a store told not to redirect does not', async () => {
  await using bench = await openBench({ redirect: false });
  const location = await pushBlob(bench.store, someBytes(10));
  assert.equal(await bench.store.redirect(location, { contentType: 'text/plain' }), undefined);
});

test('the bucket can stand in the host name, and sessions have tokens', async () => {
  const resolve = dns.lookup;
  const local = (name: string, ...rest: unknown[]) =>
    Reflect.apply(resolve, dns, [name === 'blobs.localhost' ? 'localhost' : name, ...rest]) as unknown;
  const lookup = mock.method(dns, 'lookup', local as unknown as typeof dns.lookup);
  try {
    await using bench = await openBench({ forcePathStyle: false }, { sessionToken: 'session' });
    await assertFails(bench.store.probe(), 'storage-failed', /InvalidToken/);
    await using second = await openBench(
      { forcePathStyle: false, sessionToken: 'session' },
      { sessionToken: 'session' },
    );
    const bytes = someBytes(6 * mebibyte);
    assert.ok((await readAll(second.store, await pushBlob(second.store, bytes))).equals(bytes));
    assert.ok(lookup.mock.calls.some((call) => call.arguments[0] === 'blobs.localhost'));
  } finally {
    lookup.mock.restore();
  }
});

test('over TLS the named authority is trusted for small and large bodies, and no other', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 's3-tls-'));
  try {
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', keyFile, '-out', certFile];
    try {
      const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
      execFileSync('openssl', ['req', ...kind, ...names, ...files], { stdio: 'pipe' });
    } catch {
      t.skip('openssl is not here to make a certificate');
      return;
    }
    const [key, cert] = [readFileSync(keyFile, 'utf8'), readFileSync(certFile, 'utf8')];
    await using bench = await openBench({ ca: cert }, { tls: { key, cert } });
    const bytes = someBytes(11 * mebibyte);
    assert.ok((await readAll(bench.store, await pushBlob(bench.store, bytes))).equals(bytes));
    await using distrustful = await openBench({}, { tls: { key, cert } });
    await assertFails(distrustful.store.probe(), 'storage-failed', /SELF_SIGNED/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('checksums of the SDK are sent when they are asked for', async () => {
  await using bench = await openBench({ requestChecksums: 'when-supported' });
  const bytes = someBytes(6 * mebibyte);
  assert.ok((await readAll(bench.store, await pushBlob(bench.store, bytes))).equals(bytes));
});

test('a location that is not one of this store is refused', async () => {
  await using bench = await openBench({ prefix: 'mine' });
  const uuid = randomUUID();
  for (const location of [
    `b/${uuid}`,
    `mine/b/${uuid}.3`,
    `mine/b/../${uuid}`,
    `other/b/${uuid}`,
    '',
  ] as BlobLocation[]) {
    await assertFails(bench.store.open(location), 'storage-failed', /not one of this store/);
    await assertFails(bench.store.delete(location), 'storage-failed', /not one of this store/);
  }
});

test('a part size below the limit of S3 is refused', async () => {
  const config = { region: 'r', bucket: 'b', forcePathStyle: true, redirect: false, redirectExpiresSeconds: 60 };
  await assert.rejects(createS3Blobs({ ...config, partSize: 1000 }), RangeError);
});
