import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { digestOf, mediaType, someBytes } from '#support/content';
import { openRawConnection, statusesOf } from '#support/raw-socket';
import { basicAuthorization } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

// Node by itself ends a request after five minutes, however well it moves; here all limits are small enough to see.
const registry = await useRegistry({
  env: {
    ENTREPOT_LIMITS_BODY_IDLE_TIMEOUT: '2s',
    ENTREPOT_LIMITS_HEADERS_TIMEOUT: '1s',
    ENTREPOT_LIMITS_RESPONSE_IDLE_TIMEOUT: '2s',
  },
});
const octets = { 'content-type': mediaType.bytes };

async function* trickle(bytes: Buffer, pieces: number, pause: number): AsyncIterable<Buffer> {
  const step = Math.ceil(bytes.length / pieces);
  for (let at = 0; at < bytes.length; at += step) {
    yield bytes.subarray(at, at + step);
    await delay(pause);
  }
}

test('a push that moves is not cut, however many times the limit for silence it takes', async () => {
  const { client } = registry;
  const bytes = someBytes(100_000);
  const location = await client.startUpload(registry.repository());
  const patched = await client.expect(202, 'PATCH', location, octets, trickle(bytes, 30, 200));
  const closed = await client.finishUpload(client.locationOf(patched), digestOf(bytes));
  assert.equal(closed.status, 201, closed.text);
});

test('a push that falls silent is cut, and can go on where it was', async () => {
  const { client } = registry;
  const bytes = someBytes(50_000);
  const location = await client.startUpload(registry.repository());
  {
    await using connection = await openRawConnection(registry.origin);
    connection.write(
      `PATCH ${location} HTTP/1.1\r\nHost: registry\r\nAuthorization: ${basicAuthorization(registry.admin)}\r\nContent-Range: 0-49999\r\nContent-Length: 50000\r\n\r\n`,
    );
    connection.write(bytes.subarray(0, 20_000));
    const from = performance.now();
    assert.ok(await connection.closed(10_000), 'the connection is closed');
    assert.ok(performance.now() - from > 1_000, 'not at once');
    for (const status of statusesOf(connection.received)) assert.equal(status, 408);
  }
  const size = Number((await client.expect(204, 'GET', location)).header('range')?.slice(2)) + 1;
  assert.equal(size, 20_000, 'what arrived is kept');
  const headers = { ...octets, 'content-range': '20000-49999' };
  const closed = await client.finishUpload(location, digestOf(bytes), bytes.subarray(20_000), headers);
  assert.equal(closed.status, 201, closed.text);
});

test('a client that does not finish its headers is cut off', async () => {
  await using connection = await openRawConnection(registry.origin);
  connection.write('GET /v2/ HTTP/1.1\r\nHost: registry\r\n');
  const timer = setInterval(() => connection.write('X-Slow: 1\r\n'), 200);
  try {
    assert.ok(await connection.closed(10_000));
  } finally {
    clearInterval(timer);
  }
  for (const status of statusesOf(connection.received)) assert.equal(status, 408);
});

test('a client that takes nothing of an answer is cut off, and others are served meanwhile', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(60_000_000);
  const path = `/v2/${repository}/blobs/${await client.pushBlob(repository, bytes)}`;
  await using connection = await openRawConnection(registry.origin);
  connection.socket.pause();
  connection.write(
    `GET ${path} HTTP/1.1\r\nHost: registry\r\nAuthorization: ${basicAuthorization(registry.admin)}\r\n\r\n`,
  );
  const from = performance.now();
  await client.expect(200, 'HEAD', path);
  await delay(6_000);
  connection.socket.resume();
  assert.ok(await connection.closed(10_000), 'the connection is closed');
  assert.ok(connection.received.length < bytes.length, 'the answer did not wait for its reader');
  assert.ok(performance.now() - from < 20_000);
});
