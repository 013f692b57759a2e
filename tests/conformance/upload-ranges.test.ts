import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, mediaType, someBytes } from '#support/content';
import { assertError } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();
const octets = { 'content-type': mediaType.bytes };

async function statusOf(location: string): Promise<{ range: string | undefined; location: string }> {
  const answer = await registry.client.expect(204, 'GET', location);
  assert.equal(answer.body.length, 0);
  return { range: answer.header('range'), location: registry.client.locationOf(answer) };
}

test('a chunk out of order before any byte arrived is refused, and the session goes on', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(3000);
  const started = await client.startUpload(repository);
  const refused = await client.send(
    'PATCH',
    started,
    { ...octets, 'content-range': '1000-1999' },
    bytes.subarray(1000, 2000),
  );
  assert.equal(refused.status, 416, refused.text);
  const { range, location } = await statusOf(started);
  assert.equal(range, '0-0', 'nothing has arrived');
  const accepted = await client.expect(202, 'PATCH', location, { ...octets, 'content-range': '0-2999' }, bytes);
  const closed = await client.finishUpload(client.locationOf(accepted), digestOf(bytes));
  assert.equal(closed.status, 201, closed.text);
});

test('a refused chunk adds nothing, and the right chunk after it is accepted', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(3000);
  const first = await client.expect(
    202,
    'PATCH',
    await client.startUpload(repository),
    { ...octets, 'content-range': '0-999' },
    bytes.subarray(0, 1000),
  );
  let location = client.locationOf(first);
  for (const range of ['2000-2999', '0-999', '999-1998', '1001-2000']) {
    const refused = await client.send('PATCH', location, { ...octets, 'content-range': range }, someBytes(1000));
    assert.equal(refused.status, 416, `${range}: ${refused.text}`);
    const status = await statusOf(location);
    assert.equal(status.range, '0-999', `after ${range}`);
    location = status.location;
  }
  const rest = await client.expect(
    202,
    'PATCH',
    location,
    { ...octets, 'content-range': '1000-2999' },
    bytes.subarray(1000),
  );
  assert.equal(rest.header('range'), '0-2999');
  const closed = await client.finishUpload(client.locationOf(rest), digestOf(bytes));
  assert.equal(closed.status, 201, closed.text);
});

test('a closing chunk out of order is refused with 416, and the session can still be closed', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(3000);
  const digest = digestOf(bytes);
  const first = await client.expect(
    202,
    'PATCH',
    await client.startUpload(repository),
    { ...octets, 'content-range': '0-999' },
    bytes.subarray(0, 1000),
  );
  const location = client.locationOf(first);
  const refused = await client.finishUpload(location, digest, bytes.subarray(2000), {
    ...octets,
    'content-range': '2000-2999',
  });
  assert.equal(refused.status, 416, refused.text);
  const status = await statusOf(location);
  assert.equal(status.range, '0-999');
  const closed = await client.finishUpload(status.location, digest, bytes.subarray(1000), {
    ...octets,
    'content-range': '1000-2999',
  });
  assert.equal(closed.status, 201, closed.text);
  assert.deepEqual((await client.expect(200, 'GET', client.locationOf(closed))).body, bytes);
});

test('a Content-Range that is none, or beyond all sizes, moves nothing', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const location = await client.startUpload(repository);
  const wrong = [
    'bytes 5-14',
    '5-',
    '-5',
    '9-0',
    '0-0-9',
    'a-b',
    '0x0-0x9',
    '0 - 9',
    '-0-9',
    '0-9/10',
    '9223372036854775808-9223372036854775817',
    '99999999999999999999999-99999999999999999999999999',
  ];
  for (const range of wrong) {
    const answer = await client.send('PATCH', location, { ...octets, 'content-range': range }, someBytes(10));
    assert.ok([400, 416].includes(answer.status), `${range} answered ${answer.status}: ${answer.text}`);
    assert.equal((await statusOf(location)).range, '0-0', `after ${range}`);
  }
});

test('a chunk whose length is not that of its range is refused', async () => {
  const { client } = registry;
  const location = await client.startUpload(registry.repository());
  const tooShort = await client.send('PATCH', location, { ...octets, 'content-range': '0-9' }, someBytes(5));
  assertError(tooShort, [400, 416], 'SIZE_INVALID', 'BLOB_UPLOAD_INVALID');
  const tooLong = await client.send('PATCH', location, { ...octets, 'content-range': '0-9' }, someBytes(50));
  assertError(tooLong, [400, 416], 'SIZE_INVALID', 'BLOB_UPLOAD_INVALID');
  assert.equal((await statusOf(location)).range, '0-0');
});

test('a chunk of unknown length may not be longer than its range', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const location = await client.startUpload(repository);
  const answer = await client.send('PATCH', location, { ...octets, 'content-range': '0-9' }, [
    someBytes(20),
    someBytes(20),
  ]);
  assert.ok([400, 416].includes(answer.status), `${answer.status}: ${answer.text}`);
});

test('the range of the whole upload is told, not the one of the last chunk', async () => {
  const { client } = registry;
  let location = await client.startUpload(registry.repository());
  for (const [at, last] of [
    [0, 99],
    [100, 149],
    [150, 150],
    [151, 1150],
  ] as const) {
    const headers = { ...octets, 'content-range': `${at}-${last}` };
    const answer = await client.expect(202, 'PATCH', location, headers, someBytes(last - at + 1));
    assert.equal(answer.header('range'), `0-${last}`);
    location = client.locationOf(answer);
    assert.equal((await statusOf(location)).range, `0-${last}`);
  }
});
