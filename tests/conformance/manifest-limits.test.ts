import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type Descriptor, imageManifest, mediaType } from '#support/content';
import { openRawConnection, statusesOf } from '#support/raw-socket';
import { basicAuthorization } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();
const limit = 4 * 1024 * 1024;
let repository = '';
let config: Descriptor;

before(async () => {
  repository = registry.repository();
  ({ config } = await registry.client.pushImage(repository));
});

/** A manifest of exactly so many bytes. */
function manifestOf(size: number): string {
  const make = (last: number): string => {
    const annotations: Record<string, string> = {};
    for (let index = 0; index < 390; index++) annotations[`org.example.${index}`] = 'x'.repeat(10_000);
    annotations['last'] = 'y'.repeat(last);
    return imageManifest(config, [], { annotations });
  };
  return make(size - make(0).length);
}

for (const size of [3_930_000, limit]) {
  test(`a manifest of ${size} bytes is kept`, async () => {
    const { client } = registry;
    const manifest = manifestOf(size);
    assert.equal(manifest.length, size);
    const answer = await client.putManifest(repository, 'large', manifest, mediaType.image);
    assert.equal(answer.status, 201, answer.text);
    const got = await client.expect(200, 'GET', `/v2/${repository}/manifests/large`);
    assert.equal(got.text, manifest);
  });
}

test('a manifest of one byte more than 4 MiB is refused with 413', async () => {
  const { client } = registry;
  const manifest = manifestOf(limit + 1);
  for (const body of [manifest, [Buffer.from(manifest)]]) {
    const headers = { 'content-type': mediaType.image };
    const answer = await client.send('PUT', `/v2/${repository}/manifests/too-large`, headers, body);
    assert.equal(answer.status, 413, answer.text);
  }
  await client.expect(404, 'HEAD', `/v2/${repository}/manifests/too-large`);
});

test('a manifest announced as too large is refused before it is sent', async () => {
  await using connection = await openRawConnection(registry.origin);
  connection.write(
    [
      `PUT /v2/${repository}/manifests/announced HTTP/1.1`,
      `Host: ${registry.host}`,
      `Authorization: ${basicAuthorization(registry.admin)}`,
      `Content-Type: ${mediaType.image}`,
      'Content-Length: 8000000000',
      '\r\n',
    ].join('\r\n'),
  );
  assert.deepEqual(statusesOf(await connection.until(/\r\n\r\n/)), [413]);
});

test('a manifest without an end is refused at the limit', async () => {
  await using connection = await openRawConnection(registry.origin);
  connection.write(
    [
      `PUT /v2/${repository}/manifests/endless HTTP/1.1`,
      `Host: ${registry.host}`,
      `Authorization: ${basicAuthorization(registry.admin)}`,
      `Content-Type: ${mediaType.image}`,
      'Transfer-Encoding: chunked',
      '\r\n',
    ].join('\r\n'),
  );
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
  let sent = 0;
  while (sent < 4 * limit && !/\r\n\r\n/.test(connection.received)) {
    connection.write(chunk);
    sent += 0x10000;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const received = await connection.until(/\r\n\r\n/);
  assert.deepEqual(statusesOf(received), [413]);
});
