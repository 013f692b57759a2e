import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDigest } from '#src/digest';
import { parseRepositoryName } from '#src/repository-name';
import { createQuickClock } from '#src/testing/quick-clock';
import { seededBytes } from '#src/testing/random-image';
import { type RegistryDouble, type SeenRequest, startRegistryDouble } from '#src/testing/registry-double';
import { type BlobSource, blobFromBytes } from './blob-source.ts';
import { digestOf } from './content-hash.ts';
import { RegistryConnectionError, RegistryResponseError } from './errors.ts';
import { type PushBlobOptions, pushBlob } from './push-blob.ts';
import { createTransport } from './transport.ts';

const app = parseRepositoryName('team/app');
const other = parseRepositoryName('team/other');
const bytes = seededBytes('blob', 1 << 20);
const blob = blobFromBytes(bytes);
const quick = createQuickClock();
const by = (wanted: string) => (request: SeenRequest) => request.method === wanted;

/** Yields in small pieces, as files and sockets do. */
const inPieces: BlobSource = {
  ...blob,
  async *open(offset) {
    for (let at = offset; at < bytes.length; at += 16_384) {
      yield bytes.subarray(at, at + 16_384);
    }
  },
};

async function push(double: RegistryDouble, source: BlobSource = inPieces, options: PushBlobOptions = {}) {
  using transport = createTransport({ registry: double.host, clock: quick });
  return await pushBlob(transport, app, source, { clock: quick, ...options });
}

function assertHeld(double: RegistryDouble, source: BlobSource = blob): void {
  assert.equal(double.store.open(app).blobs.get(source.digest)?.length, source.size);
  assert.equal(double.store.open(app).uploads.size, 0);
}

test('a blob is uploaded in one request, and not again', async () => {
  await using double = await startRegistryDouble();
  assert.equal(await push(double), 'uploaded');
  assertHeld(double);
  assert.deepEqual(double.trace(), [
    `HEAD /v2/team/app/blobs/${blob.digest}`,
    'POST /v2/team/app/blobs/uploads/',
    `PUT /v2/team/app/blobs/uploads/<id>?_state=0%3D&digest=${encodeURIComponent(blob.digest)}`,
  ]);
  assert.equal(await push(double), 'present');
});

test('empty blobs and blobs named by sha512 are uploaded', async () => {
  await using double = await startRegistryDouble();
  for (const source of [blobFromBytes(new Uint8Array()), blobFromBytes(bytes, digestOf(bytes, 'sha512'))]) {
    for (const options of [{}, { chunkSize: 300_000 }]) {
      double.store.open(app).blobs.clear();
      assert.equal(await push(double, source, options), 'uploaded');
      assertHeld(double, source);
    }
  }
});

test('a blob is uploaded in chunks of the wanted size, at least the registry minimum', async () => {
  await using double = await startRegistryDouble({ chunkMinimum: 400_000 });
  let sent = 0;
  const onBytes = (count: number) => {
    sent += count;
  };
  assert.equal(await push(double, inPieces, { chunkSize: 1000, onBytes }), 'uploaded');
  assertHeld(double);
  assert.equal(sent, bytes.length);
  assert.deepEqual(
    double.requests.filter(by('PATCH')).map(({ headers }) => headers['content-range']),
    ['0-399999', '400000-799999', '800000-1048575'],
  );
});

test('a blob is mounted where another repository holds it', async () => {
  await using double = await startRegistryDouble();
  double.store.putBlob(other, blob.digest, bytes);
  assert.equal(await push(double, inPieces, { mountFrom: other }), 'mounted');
  assert.equal(double.requests.length, 2);
});

test('where mounting is not possible the bytes are sent', async () => {
  await using double = await startRegistryDouble({ mounts: false });
  double.store.putBlob(other, blob.digest, bytes);
  assert.equal(await push(double, inPieces, { mountFrom: other }), 'uploaded');
  await using refusing = await startRegistryDouble();
  refusing.fail({ kind: 'answer', status: 403 }, ({ target }) => target.includes('mount='));
  assert.equal(await push(refusing, inPieces, { mountFrom: other }), 'uploaded');
});

test('mounting asks for a token that may read the other repository', async () => {
  const user = { username: 'ann', password: 'x' };
  await using double = await startRegistryDouble({ auth: { kind: 'bearer', ...user } });
  double.store.putBlob(other, blob.digest, bytes);
  using transport = createTransport({
    registry: double.host,
    clock: quick,
    credentials: () => ({ kind: 'password', ...user }),
  });
  assert.equal(await pushBlob(transport, app, inPieces, { mountFrom: other }), 'mounted');
});

test('a chunk that broke off is taken up where the registry stands', async () => {
  await using double = await startRegistryDouble();
  double.fail({ kind: 'cut-request', after: 200_000 }, by('PATCH'), 3);
  assert.equal(await push(double, inPieces, { chunkSize: 500_000 }), 'uploaded');
  assertHeld(double);
  assert.ok(double.requests.some(({ method, target }) => method === 'GET' && target.includes('/uploads/')));
});

test('an upload in one request that broke off goes on with what is left', async () => {
  await using double = await startRegistryDouble();
  double.fail({ kind: 'cut-request', after: 200_000 }, by('PUT'));
  assert.equal(await push(double), 'uploaded');
  assertHeld(double);
  const [range] = double.requests.filter(by('PATCH')).map(({ headers }) => headers['content-range']);
  assert.match(range ?? '', /^[1-9][0-9]*-1048575$/);
});

test('a chunk the registry has in part already is sent from where it stands', async () => {
  await using double = await startRegistryDouble();
  double.fail({ kind: 'answer', status: 416 }, by('PATCH'));
  assert.equal(await push(double, inPieces, { chunkSize: 500_000 }), 'uploaded');
  assertHeld(double);
});

test('an upload that the registry lost begins anew', async () => {
  await using double = await startRegistryDouble();
  double.fail({ kind: 'reset' }, by('PATCH'));
  double.fail({ kind: 'answer', status: 404 }, by('GET'));
  assert.equal(await push(double, inPieces, { chunkSize: 500_000 }), 'uploaded');
  assertHeld(double);
  assert.equal(double.requests.filter(by('POST')).length, 2);
});

test('when only the last answer was lost, the blob is found', async () => {
  await using double = await startRegistryDouble();
  // The blob arrives by another way while the answer to the PUT gets lost.
  double.fail({ kind: 'reset' }, (request) => {
    if (request.method === 'PUT') {
      double.store.open(app).uploads.clear();
      double.store.putBlob(app, blob.digest, bytes);
    }
    return request.method === 'PUT';
  });
  assert.equal(await push(double), 'uploaded');
  assert.equal(double.requests.filter(by('PUT')).length, 1);
});

test('bytes that do not have the digest are refused once, and the upload is gone', async () => {
  await using double = await startRegistryDouble();
  const wrong = { ...inPieces, digest: parseDigest(`sha256:${'0'.repeat(64)}`) };
  await assert.rejects(
    push(double, wrong),
    (error) => error instanceof RegistryResponseError && error.codes.includes('DIGEST_INVALID'),
  );
  assert.equal(double.requests.filter(by('PUT')).length, 1);
  assert.equal(double.store.open(app).uploads.size, 0);
});

test('an upload that makes no progress is given up and cancelled', async () => {
  await using double = await startRegistryDouble();
  double.fail({ kind: 'reset' }, by('PUT'), 100);
  await assert.rejects(push(double, inPieces, { attempts: 3 }), RegistryConnectionError);
  assert.equal(double.requests.filter(by('PUT')).length, 3);
  assert.equal(double.store.open(app).uploads.size, 0);
});

test('a registry that claims to hold nothing after every chunk does not keep the client for ever', async () => {
  await using double = await startRegistryDouble();
  const headers = { location: '/v2/team/app/blobs/uploads/x', range: '0-0' };
  double.fail({ kind: 'answer', status: 202, headers }, by('PATCH'), 100);
  await assert.rejects(push(double, inPieces, { chunkSize: 1000 }), { name: 'RegistryProtocolError' });
});

test('what the source throws ends the upload', async () => {
  await using double = await startRegistryDouble();
  const failure = new TypeError('the disk is gone');
  const broken: BlobSource = {
    ...blob,
    async *open() {
      yield bytes.subarray(0, 10);
      throw failure;
    },
  };
  await assert.rejects(push(double, broken), failure);
  assert.equal(double.store.open(app).uploads.size, 0);
});
