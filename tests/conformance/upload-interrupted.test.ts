import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { digestOf, mediaType, someBytes, unknownDigest } from '#support/content';
import { openRawConnection } from '#support/raw-socket';
import { assertError, basicAuthorization } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();
const octets = { 'content-type': mediaType.bytes };

function head(method: string, path: string, headers: readonly string[]): string {
  const authorization = `Authorization: ${basicAuthorization(registry.admin)}`;
  return [`${method} ${path} HTTP/1.1`, `Host: ${registry.host}`, authorization, ...headers, '\r\n'].join('\r\n');
}

/** How many bytes the session holds, once the number has stopped to change. */
async function settledSize(location: string): Promise<number> {
  let before = -1;
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await registry.client.send('GET', location);
    if (answer.status === 204) {
      const range = answer.header('range') ?? '';
      assert.match(range, /^0-\d+$/);
      const last = Number(range.slice(2));
      const size = last === 0 ? 0 : last + 1;
      if (size === before) return size;
      before = size;
    } else {
      assert.ok([409, 423, 429].includes(answer.status), `a session that is busy says so: ${answer.status}`);
    }
    await delay(50);
  }
  throw new Error('the size of the session does not settle');
}

for (const how of ['resets the connection', 'closes the connection'] as const) {
  test(`a client that ${how} in a chunk can go on where the session says`, async () => {
    const { client } = registry;
    const repository = registry.repository();
    const bytes = someBytes(100_000);
    const location = await client.startUpload(repository);
    {
      await using connection = await openRawConnection(registry.origin);
      connection.write(head('PATCH', location, ['Content-Range: 0-99999', 'Content-Length: 100000']));
      connection.write(bytes.subarray(0, 40_000));
      await delay(100);
      if (how === 'resets the connection') connection.reset();
      else connection.socket.end();
      await connection.closed();
    }
    const size = await settledSize(location);
    assert.ok(size <= 40_000, `${size} bytes of the 40,000 sent`);
    const headers = { ...octets, 'content-range': `${size}-99999` };
    const rest = await client.expect(202, 'PATCH', location, headers, bytes.subarray(size));
    const closed = await client.finishUpload(client.locationOf(rest), digestOf(bytes));
    assert.equal(closed.status, 201, closed.text);
    assert.deepEqual((await client.expect(200, 'GET', client.locationOf(closed))).body, bytes);
  });
}

test('a stream of unknown length that breaks off is never taken for a whole blob', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(30_000);
  const location = await client.startUpload(repository);
  {
    await using connection = await openRawConnection(registry.origin);
    connection.write(head('PATCH', location, ['Transfer-Encoding: chunked']));
    connection.write(`${bytes.length.toString(16)}\r\n`);
    connection.write(bytes);
    connection.write('\r\n');
    await delay(100);
    connection.reset();
  }
  await settledSize(location);
  const closed = await client.finishUpload(location, unknownDigest());
  assertError(closed, 400, 'DIGEST_INVALID');
});

test('a closing PUT that breaks off stores nothing', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(30_000);
  const part = bytes.subarray(0, 10_000);
  const location = await client.startUpload(repository);
  {
    await using connection = await openRawConnection(registry.origin);
    connection.write(head('PUT', `${location}?digest=${digestOf(bytes)}`, ['Content-Length: 30000']));
    connection.write(part);
    await delay(100);
    connection.reset();
  }
  await delay(100);
  for (const digest of [digestOf(bytes), digestOf(part)]) {
    await client.expect(404, 'HEAD', `/v2/${repository}/blobs/${digest}`);
  }
});

test('one POST that breaks off stores nothing', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(30_000);
  const part = bytes.subarray(0, 10_000);
  {
    await using connection = await openRawConnection(registry.origin);
    const path = `/v2/${repository}/blobs/uploads/?digest=${digestOf(part)}`;
    connection.write(head('POST', path, ['Content-Length: 30000']));
    connection.write(part);
    await delay(100);
    connection.reset();
  }
  await delay(100);
  await client.expect(404, 'HEAD', `/v2/${repository}/blobs/${digestOf(part)}`);
});

test('a manifest that breaks off is not stored', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository);
  const text = `${image.manifest}\n`;
  {
    await using connection = await openRawConnection(registry.origin);
    const length = `Content-Length: ${text.length + 10}`;
    connection.write(head('PUT', `/v2/${repository}/manifests/broken`, [`Content-Type: ${mediaType.image}`, length]));
    connection.write(text);
    await delay(100);
    connection.reset();
  }
  await delay(100);
  await client.expect(404, 'HEAD', `/v2/${repository}/manifests/broken`);
});
