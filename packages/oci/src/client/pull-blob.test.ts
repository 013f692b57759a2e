import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRepositoryName } from '#src/repository-name';
import { createQuickClock } from '#src/testing/quick-clock';
import { seededBytes } from '#src/testing/random-image';
import { type RegistryDouble, type RegistryDoubleOptions, startRegistryDouble } from '#src/testing/registry-double';
import { digestOf } from './content-hash.ts';
import {
  ContentMismatchError,
  RegistryConnectionError,
  RegistryProtocolError,
  RegistryResponseError,
} from './errors.ts';
import { findBlob, pullBlob, type PullBlobOptions, readBlob } from './pull-blob.ts';
import { createTransport } from './transport.ts';

const app = parseRepositoryName('team/app');
const bytes = seededBytes('blob', 1 << 20);
const digest = digestOf(bytes);
const size = bytes.length;
const isGet = ({ method }: { readonly method: string }) => method === 'GET';

async function start(options: RegistryDoubleOptions = {}) {
  const double = await startRegistryDouble(options);
  double.store.putBlob(app, digest, bytes);
  return double;
}

function connect(double: RegistryDouble) {
  return createTransport({ registry: double.host, clock: createQuickClock() });
}

async function read(double: RegistryDouble, blob: { size?: number } = { size }, options: PullBlobOptions = {}) {
  using transport = connect(double);
  const blobs = pullBlob(transport, app, { digest, ...blob }, { clock: createQuickClock(), ...options });
  return Buffer.concat(await Array.fromAsync(blobs));
}

test('a blob is streamed and verified', async () => {
  await using double = await start();
  assert.ok((await read(double)).equals(bytes));
  assert.ok((await read(double, {})).equals(bytes));
});

test('an empty blob is a blob', async () => {
  await using double = await start();
  const empty = new Uint8Array();
  double.store.putBlob(app, digestOf(empty), empty);
  using transport = connect(double);
  assert.equal((await readBlob(transport, app, { digest: digestOf(empty), size: 0 }, 10)).length, 0);
  assert.deepEqual(await findBlob(transport, app, digestOf(empty)), { size: 0 });
});

test('a blob is found with its size, or not at all', async () => {
  await using double = await start();
  using transport = connect(double);
  assert.deepEqual(await findBlob(transport, app, digest), { size });
  assert.equal(await findBlob(transport, app, digestOf(Buffer.from('other'))), undefined);
  const missing = readBlob(transport, app, { digest: digestOf(Buffer.from('other')) }, 10);
  await assert.rejects(missing, (error) => error instanceof RegistryResponseError && error.status === 404);
});

test('a download that breaks off is taken up where it ended', async () => {
  await using double = await start();
  double.fail({ kind: 'cut-answer', after: 300_000 }, isGet, 3);
  assert.ok((await read(double)).equals(bytes));
  const ranges = double.requests.map(({ headers }) => headers.range);
  assert.equal(ranges.length, 4);
  assert.equal(ranges[0], undefined);
  assert.match(ranges[1] ?? '', /^bytes=[1-9][0-9]*-$/);
});

test('a registry that ignores ranges is read again from the start, without repeating bytes', async () => {
  await using double = await start({ ranges: false });
  double.fail({ kind: 'cut-answer', after: 300_000 }, isGet, 2);
  assert.ok((await read(double)).equals(bytes));
});

test('a registry that answers with another range is not believed', async () => {
  await using double = await start();
  double.fail({ kind: 'cut-answer', after: 300_000 }, isGet);
  const headers = { 'content-range': `bytes 5-9/${size}` };
  double.fail({ kind: 'answer', status: 206, headers, body: 'xxxxx' }, isGet);
  await assert.rejects(read(double), RegistryProtocolError);
});

test('a download that makes no progress is given up', async () => {
  await using double = await start();
  double.fail({ kind: 'cut-answer', after: 0 }, isGet, 100);
  await assert.rejects(read(double, { size }, { attempts: 3 }), RegistryConnectionError);
  assert.equal(double.requests.length, 3);
});

test('wrong bytes end in a failure, not in an end', async () => {
  await using double = await start();
  double.fail({ kind: 'corrupt' }, isGet);
  await assert.rejects(read(double), ContentMismatchError);
});

test('bytes beyond the size end the reading at once', async () => {
  await using double = await start();
  await assert.rejects(read(double, { size: size - 1 }), ContentMismatchError);
});

test('a size larger than the blob is never satisfied', async () => {
  await using double = await start();
  await assert.rejects(read(double, { size: size + 1 }), RegistryResponseError);
});

test('reading may start at an offset', async () => {
  await using double = await start();
  assert.ok((await read(double, { size }, { offset: 1000 })).equals(bytes.subarray(1000)));
  assert.equal((await read(double, { size }, { offset: size })).length, 0);
});

test('a redirect is followed', async () => {
  await using storage = await start();
  const redirectBlob = (wanted: string) => `${storage.origin}/v2/team/app/blobs/${wanted}?signature=x`;
  await using double = await start({ redirectBlob });
  assert.ok((await read(double)).equals(bytes));
});

test('a reader that leaves early closes the connection', async () => {
  await using double = await start();
  using transport = connect(double);
  for await (const chunk of pullBlob(transport, app, { digest, size })) {
    assert.ok(chunk.length > 0);
    break;
  }
});

test('a blob beyond the limit is not read into memory', async () => {
  await using double = await start();
  using transport = connect(double);
  await assert.rejects(readBlob(transport, app, { digest }, 1000), RangeError);
});
