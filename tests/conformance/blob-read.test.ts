import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, someBytes, unknownDigest } from '#support/content';
import { openRawConnection } from '#support/raw-socket';
import { assertError, basicAuthorization } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

test('HEAD tells of a blob all that GET tells', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(5000);
  const path = `/v2/${repository}/blobs/${await client.pushBlob(repository, bytes)}`;
  const [head, got] = [await client.expect(200, 'HEAD', path), await client.expect(200, 'GET', path)];
  assert.equal(head.body.length, 0);
  for (const name of ['content-length', 'content-type', 'docker-content-digest', 'etag', 'accept-ranges']) {
    assert.equal(head.header(name), got.header(name), name);
  }
  assert.equal(head.header('content-length'), '5000');
  assert.equal(head.header('docker-content-digest'), digestOf(bytes));
});

test('a blob is never compressed on its way, nor sent without its length', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = Buffer.alloc(100_000, 'a');
  const path = `/v2/${repository}/blobs/${await client.pushBlob(repository, bytes)}`;
  const answer = await client.expect(200, 'GET', path, { 'accept-encoding': 'gzip, br, zstd, deflate' });
  assert.equal(answer.header('content-encoding'), undefined);
  assert.equal(answer.header('transfer-encoding'), undefined);
  assert.equal(answer.header('content-length'), '100000');
  assert.deepEqual(answer.body, bytes);
});

test('who has the blob already is told so in one line', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const digest = await client.pushBlob(repository, someBytes(100));
  const path = `/v2/${repository}/blobs/${digest}`;
  for (const known of [`"${digest}"`, `W/"${digest}"`, `"other", "${digest}"`, '*']) {
    const answer = await client.send('GET', path, { 'if-none-match': known });
    assert.equal(answer.status, 304, known);
    assert.equal(answer.body.length, 0);
  }
  await client.expect(200, 'GET', path, { 'if-none-match': '"sha256:other"' });
});

test('a blob nobody pushed is unknown', async () => {
  const { client } = registry;
  const repository = registry.repository();
  await client.pushBlob(repository, someBytes(10));
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const path = `/v2/${repository}/blobs/${unknownDigest(algorithm)}`;
    assertError(await client.send('GET', path), 404, 'BLOB_UNKNOWN');
    assertError(await client.send('DELETE', path), 404, 'BLOB_UNKNOWN');
    const head = await client.expect(404, 'HEAD', path);
    assert.equal(head.body.length, 0);
  }
});

test('a blob of a repository nobody made is unknown', async () => {
  const answer = await registry.client.send('GET', `/v2/${registry.repository()}/blobs/${unknownDigest()}`);
  assertError(answer, 404, 'BLOB_UNKNOWN', 'NAME_UNKNOWN');
});

test('a deleted blob is gone at once', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(100);
  const digest = await client.pushBlob(repository, bytes);
  const path = `/v2/${repository}/blobs/${digest}`;
  await client.expect(200, 'GET', path);
  await client.expect(202, 'DELETE', path);
  await client.expect(404, 'HEAD', path);
  await client.expect(404, 'GET', path);
  await client.expect(404, 'DELETE', path);
  await client.pushBlob(repository, bytes);
  assert.deepEqual((await client.expect(200, 'GET', path)).body, bytes, 'and can be pushed anew');
});

test('a blob is served as bytes and nothing a browser would run', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const digest = await client.pushBlob(repository, '<script>alert(1)</script>');
  const answer = await client.expect(200, 'GET', `/v2/${repository}/blobs/${digest}`);
  assert.match(answer.header('content-type') ?? '', /^application\/octet-stream$/);
  assert.equal(answer.header('x-content-type-options'), 'nosniff');
});

test('a client that goes away in the middle of a blob leaves the server well', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(8_000_000);
  const path = `/v2/${repository}/blobs/${await client.pushBlob(repository, bytes)}`;
  for (let round = 0; round < 10; round++) {
    await using connection = await openRawConnection(registry.origin);
    const authorization = `Authorization: ${basicAuthorization(registry.admin)}`;
    connection.write(`GET ${path} HTTP/1.1\r\nHost: ${registry.host}\r\n${authorization}\r\n\r\n`);
    await connection.until(/\r\n\r\n/);
    connection.reset();
  }
  assert.deepEqual((await client.expect(200, 'GET', path)).body, bytes);
});
