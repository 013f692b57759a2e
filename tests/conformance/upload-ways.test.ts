import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Algorithm, digestOf, mediaType, someBytes } from '#support/content';
import type { Answer } from '#support/http-exchange';
import type { RegistryClient } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

interface Way {
  readonly name: string;
  push(client: RegistryClient, repository: string, bytes: Buffer, digest: string): Promise<Answer>;
}

const octets = { 'content-type': mediaType.bytes };

function* inPieces(bytes: Buffer, size = 700): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Sends all but the last piece by PATCH with Content-Range; answers with the address for what follows. */
async function patchPieces(
  client: RegistryClient,
  repository: string,
  pieces: readonly Buffer[],
): Promise<[string, number]> {
  let location = await client.startUpload(repository);
  let at = 0;
  for (const piece of pieces) {
    const last = at + piece.length - 1;
    const headers = { ...octets, 'content-range': `${at}-${last}`, 'content-length': String(piece.length) };
    const answer = await client.expect(202, 'PATCH', location, headers, piece);
    assert.equal(answer.header('range'), `0-${last}`, 'Range tells the last byte of the whole upload');
    location = client.locationOf(answer);
    at += piece.length;
  }
  return [location, at];
}

const ways: readonly Way[] = [
  {
    name: 'one POST with the digest',
    push: (client, repository, bytes, digest) =>
      client.send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, octets, bytes),
  },
  {
    name: 'POST, then one PUT with a length',
    async push(client, repository, bytes, digest) {
      return client.finishUpload(await client.startUpload(repository), digest, bytes, octets);
    },
  },
  {
    name: 'POST, then one PUT of unknown length',
    async push(client, repository, bytes, digest) {
      return client.finishUpload(await client.startUpload(repository), digest, inPieces(bytes), octets);
    },
  },
  {
    name: 'POST, one PATCH of unknown length, then an empty PUT, as Docker does',
    async push(client, repository, bytes, digest) {
      const location = await client.startUpload(repository);
      const answer = await client.expect(202, 'PATCH', location, {}, inPieces(bytes));
      assert.match(answer.header('range') ?? '', /^0-\d+$/);
      return client.finishUpload(client.locationOf(answer), digest);
    },
  },
  {
    name: 'POST, one PATCH with a length and no Content-Range, then an empty PUT',
    async push(client, repository, bytes, digest) {
      const answer = await client.expect(202, 'PATCH', await client.startUpload(repository), octets, bytes);
      return client.finishUpload(client.locationOf(answer), digest);
    },
  },
  {
    name: 'chunks with Content-Range, then an empty PUT',
    async push(client, repository, bytes, digest) {
      const [location] = await patchPieces(client, repository, [...inPieces(bytes)]);
      return client.finishUpload(location, digest);
    },
  },
  {
    name: 'chunks with Content-Range, the last of them in the PUT',
    async push(client, repository, bytes, digest) {
      const pieces = [...inPieces(bytes)];
      const last = pieces.pop() ?? Buffer.alloc(0);
      const [location, at] = await patchPieces(client, repository, pieces);
      const range = last.length === 0 ? {} : { 'content-range': `${at}-${at + last.length - 1}` };
      return client.finishUpload(location, digest, last, { ...octets, ...range });
    },
  },
  {
    name: 'several PATCHes without Content-Range, then an empty PUT',
    async push(client, repository, bytes, digest) {
      let location = await client.startUpload(repository);
      for (const piece of inPieces(bytes)) {
        location = client.locationOf(await client.expect(202, 'PATCH', location, octets, piece));
      }
      return client.finishUpload(location, digest);
    },
  },
];

const contents: readonly { readonly name: string; make(): Buffer }[] = [
  { name: 'no bytes at all', make: () => Buffer.alloc(0) },
  { name: 'an empty JSON object', make: () => Buffer.from('{}') },
  { name: 'a few thousand bytes', make: () => someBytes(3000) },
];

for (const algorithm of ['sha256', 'sha512'] satisfies Algorithm[]) {
  for (const way of ways) {
    for (const content of contents) {
      test(`${content.name} under ${algorithm} arrive by ${way.name}`, async () => {
        const { client } = registry;
        const repository = registry.repository();
        const bytes = content.make();
        const digest = digestOf(bytes, algorithm);
        const answer = await way.push(client, repository, bytes, digest);
        assert.equal(answer.status, 201, answer.text);
        assert.equal(answer.header('docker-content-digest'), digest);
        for (const path of [client.locationOf(answer), `/v2/${repository}/blobs/${digest}`]) {
          const got = await client.expect(200, 'GET', path);
          assert.deepEqual(got.body, bytes, 'the bytes come back as they were sent');
          assert.equal(got.header('content-length'), String(bytes.length));
          assert.equal(got.header('docker-content-digest'), digest);
        }
      });
    }
  }
}

test('an upload for sha512 may say so when it begins', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(2000);
  const digest = digestOf(bytes, 'sha512');
  const location = await client.startUpload(repository, '?digest-algorithm=sha512');
  const answer = await client.finishUpload(location, digest, bytes, octets);
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.header('docker-content-digest'), digest);
});

test('an upload that began without naming an algorithm may be closed under either', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(2000);
  for (const algorithm of ['sha512', 'sha256'] satisfies Algorithm[]) {
    const location = await client.startUpload(repository);
    const patched = await client.expect(202, 'PATCH', location, octets, bytes);
    const answer = await client.finishUpload(client.locationOf(patched), digestOf(bytes, algorithm));
    assert.equal(answer.status, 201, answer.text);
  }
  for (const algorithm of ['sha512', 'sha256'] satisfies Algorithm[]) {
    const digest = digestOf(bytes, algorithm);
    const head = await client.expect(200, 'HEAD', `/v2/${repository}/blobs/${digest}`);
    assert.equal(head.header('docker-content-digest'), digest);
  }
});

test('an algorithm nobody knows is refused when the upload begins', async () => {
  const answer = await registry.client.send(
    'POST',
    `/v2/${registry.repository()}/blobs/uploads/?digest-algorithm=md4`,
    {
      'content-length': '0',
    },
  );
  assert.equal(answer.status, 400, answer.text);
});

test('the same blob pushed again is accepted again', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(500);
  await client.pushBlob(repository, bytes);
  await client.pushBlob(repository, bytes);
  assert.deepEqual((await client.expect(200, 'GET', `/v2/${repository}/blobs/${digestOf(bytes)}`)).body, bytes);
});
