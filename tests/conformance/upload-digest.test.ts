import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, mediaType, someBytes, unknownDigest } from '#support/content';
import type { Answer } from '#support/http-exchange';
import { openRawConnection, statusesOf } from '#support/raw-socket';
import { assertError, basicAuthorization, type RegistryClient } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();
const octets = { 'content-type': mediaType.bytes };

type Push = (client: RegistryClient, location: string, bytes: Buffer, digest: string) => Promise<Answer>;

const closings: readonly { readonly name: string; readonly push: Push }[] = [
  {
    name: 'by one PUT',
    push: (client, location, bytes, digest) => client.finishUpload(location, digest, bytes, octets),
  },
  {
    name: 'by PATCH of unknown length and PUT',
    async push(client, location, bytes, digest) {
      const answer = await client.expect(202, 'PATCH', location, octets, [bytes]);
      return client.finishUpload(client.locationOf(answer), digest);
    },
  },
  {
    name: 'in chunks',
    async push(client, location, bytes, digest) {
      const headers = { ...octets, 'content-range': '0-99' };
      const answer = await client.expect(202, 'PATCH', location, headers, bytes.subarray(0, 100));
      return client.finishUpload(client.locationOf(answer), digest, bytes.subarray(100), {
        ...octets,
        'content-range': `100-${bytes.length - 1}`,
      });
    },
  },
];

for (const algorithm of ['sha256', 'sha512'] as const) {
  for (const { name, push } of closings) {
    test(`bytes pushed ${name} that do not have the ${algorithm} digest are refused, and the session is gone`, async () => {
      const { client } = registry;
      const repository = registry.repository();
      const bytes = someBytes(1000);
      const wrong = unknownDigest(algorithm);
      const location = await client.startUpload(repository);
      assertError(await push(client, location, bytes, wrong), 400, 'DIGEST_INVALID');
      for (const digest of [wrong, digestOf(bytes)]) {
        await client.expect(404, 'HEAD', `/v2/${repository}/blobs/${digest}`);
      }
      assertError(await client.send('GET', location), 404, 'BLOB_UPLOAD_UNKNOWN');
    });
  }

  test(`bytes in one POST that do not have the ${algorithm} digest are refused`, async () => {
    const { client } = registry;
    const repository = registry.repository();
    const wrong = unknownDigest(algorithm);
    const answer = await client.send(
      'POST',
      `/v2/${repository}/blobs/uploads/?digest=${wrong}`,
      octets,
      someBytes(1000),
    );
    assertError(answer, 400, 'DIGEST_INVALID');
    await client.expect(404, 'HEAD', `/v2/${repository}/blobs/${wrong}`);
  });
}

const hex = digestOf('x').slice(7);
const noDigests = [
  'sha256:baddigeststring',
  'sha256:',
  'sha256',
  '',
  hex,
  `sha256:${hex.slice(1)}`,
  `sha256:${hex}0`,
  `sha256:${hex.toUpperCase()}`,
  `SHA256:${hex}`,
  `sha256:${hex} `,
  `sha256:../../${hex.slice(6)}`,
  `sha512:${hex}`,
  `sha1:${hex.slice(24)}`,
  `md5:${hex.slice(32)}`,
  `sha384:${hex}${hex.slice(32)}`,
  'sha256:%2e%2e',
];

for (const digest of noDigests) {
  test(`«${digest}» closes no upload and names no blob`, async () => {
    const { client } = registry;
    const repository = registry.repository();
    const closed = await client.finishUpload(await client.startUpload(repository), digest, someBytes(10), octets);
    assertError(closed, 400, 'DIGEST_INVALID', 'UNSUPPORTED');
    const path = `/v2/${repository}/blobs/${encodeURIComponent(digest)}`;
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      const answer = await client.send(method, path);
      assert.ok([400, 404, 405].includes(answer.status), `${method} answered ${answer.status}: ${answer.text}`);
    }
  });
}

test('a digest that cannot be right is refused before the bytes are asked for', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const location = await client.startUpload(repository);
  await using connection = await openRawConnection(registry.origin);
  connection.write(
    [
      `PUT ${location}?digest=sha256:baddigeststring HTTP/1.1`,
      `Host: ${registry.host}`,
      `Authorization: ${basicAuthorization(registry.admin)}`,
      'Content-Type: application/octet-stream',
      'Content-Length: 1000000',
      'Expect: 100-continue',
      '\r\n',
    ].join('\r\n'),
  );
  const received = await connection.until(/\r\n\r\n/);
  assert.deepEqual(statusesOf(received), [400]);
});
