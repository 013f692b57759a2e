import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, mediaType, someBytes, unknownDigest } from '#support/content';
import type { Answer } from '#support/http-exchange';
import { assertError, type RegistryClient } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

function mount(client: RegistryClient, repository: string, digest: string, from?: string): Promise<Answer> {
  const query = from === undefined ? '' : `&from=${encodeURIComponent(from)}`;
  return client.send('POST', `/v2/${repository}/blobs/uploads/?mount=${encodeURIComponent(digest)}${query}`, {
    'content-length': '0',
  });
}

/** A refused mount is an upload that has begun. */
async function assertBecameUpload(client: RegistryClient, answer: Answer, bytes: Buffer): Promise<void> {
  assert.equal(answer.status, 202, `${answer.status}: ${answer.text}`);
  const closed = await client.finishUpload(client.locationOf(answer), digestOf(bytes), bytes, {
    'content-type': mediaType.bytes,
  });
  assert.equal(closed.status, 201, closed.text);
}

for (const algorithm of ['sha256', 'sha512'] as const) {
  for (const named of [true, false]) {
    test(`a ${algorithm} blob is mounted ${named ? 'from a named repository' : 'from wherever it is'}`, async () => {
      const { client } = registry;
      const [source, target] = [registry.repository(), registry.repository()];
      const bytes = someBytes(1000);
      const digest = await client.pushBlob(source, bytes, algorithm);
      const answer = await mount(client, target, digest, named ? source : undefined);
      assert.equal(answer.status, 201, answer.text);
      assert.equal(answer.header('docker-content-digest'), digest);
      const got = await client.expect(200, 'GET', client.locationOf(answer));
      assert.deepEqual(got.body, bytes);
      assert.equal(client.locationOf(answer), `/v2/${target}/blobs/${digest}`);
    });
  }
}

test('a mounted blob deleted in one repository stays in the other', async () => {
  const { client } = registry;
  const [source, target] = [registry.repository(), registry.repository()];
  const bytes = someBytes(1000);
  const digest = await client.pushBlob(source, bytes);
  assert.equal((await mount(client, target, digest, source)).status, 201);
  await client.expect(202, 'DELETE', `/v2/${source}/blobs/${digest}`);
  await client.expect(404, 'HEAD', `/v2/${source}/blobs/${digest}`);
  assert.deepEqual((await client.expect(200, 'GET', `/v2/${target}/blobs/${digest}`)).body, bytes);
});

test('a blob that exists nowhere is not mounted: an upload begins', async () => {
  const { client } = registry;
  const source = registry.repository();
  await client.pushBlob(source, someBytes(10));
  for (const from of [source, registry.repository(), undefined]) {
    const repository = registry.repository();
    const bytes = someBytes(500);
    await assertBecameUpload(client, await mount(client, repository, digestOf(bytes), from), bytes);
  }
});

test('a blob that is not in the named repository is not mounted from there', async () => {
  const { client } = registry;
  const bytes = someBytes(500);
  const digest = await client.pushBlob(registry.repository(), bytes);
  const empty = registry.repository();
  await client.pushBlob(empty, someBytes(10));
  const answer = await mount(client, registry.repository(), digest, empty);
  assert.ok([201, 202].includes(answer.status), `${answer.status}: ${answer.text}`);
});

test('a blob is mounted into the repository it is in', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const digest = await client.pushBlob(repository, someBytes(500));
  assert.equal((await mount(client, repository, digest, repository)).status, 201);
});

test('a mount of what is no digest is refused or becomes an upload', async () => {
  const { client } = registry;
  for (const digest of ['sha256:baddigeststring', 'latest', '', 'md5:d41d8cd98f00b204e9800998ecf8427e']) {
    const answer = await mount(client, registry.repository(), digest, registry.repository());
    assert.ok([202, 400].includes(answer.status), `«${digest}» answered ${answer.status}: ${answer.text}`);
  }
});

test('a mount from what is no repository name is refused or becomes an upload', async () => {
  const { client } = registry;
  for (const from of ['../library/x', 'UPPER/case', 'a//b', '']) {
    const answer = await mount(client, registry.repository(), unknownDigest(), from);
    assert.ok([202, 400].includes(answer.status), `«${from}» answered ${answer.status}: ${answer.text}`);
  }
});

async function aLimitedMount(): Promise<{ limited: RegistryClient; source: string; target: string; bytes: Buffer }> {
  const source = registry.repository(await registry.makeProject({ public: false }));
  const target = registry.repository(await registry.makeProject({ public: false }));
  const bytes = someBytes(500);
  await registry.client.pushBlob(source, bytes);
  const limited = registry.clientWith(`Bearer ${await registry.token(`repository:${target}:pull,push`)}`);
  return { limited, source, target, bytes };
}

test('a token for the target alone mounts nothing from a private project: both are asked for', async () => {
  const { limited, source, target, bytes } = await aLimitedMount();
  const answer = await mount(limited, target, digestOf(bytes), source);
  if (answer.status === 401) {
    const challenge = answer.header('www-authenticate') ?? '';
    assert.match(challenge, new RegExp(`repository:${target}:`), 'the challenge asks for the target');
    assert.match(challenge, new RegExp(`repository:${source}:pull`), 'and for the source');
  } else {
    await assertBecameUpload(limited, answer, bytes);
  }
});

test('a token for the target alone does not find a blob in a private project it says nothing about', async () => {
  const { limited, target, bytes } = await aLimitedMount();
  await assertBecameUpload(limited, await mount(limited, target, digestOf(bytes)), bytes);
});

test('a token for both repositories mounts', async () => {
  const { client } = registry;
  const source = registry.repository(await registry.makeProject({ public: false }));
  const target = registry.repository(await registry.makeProject({ public: false }));
  const digest = await client.pushBlob(source, someBytes(500));
  const token = await registry.token(`repository:${target}:pull,push`, `repository:${source}:pull`);
  const answer = await mount(registry.clientWith(`Bearer ${token}`), target, digest, source);
  assert.equal(answer.status, 201, answer.text);
});

test('an anonymous mount is refused with a challenge', async () => {
  const source = registry.repository();
  const digest = await registry.client.pushBlob(source, someBytes(10));
  assertError(await mount(registry.anonymous, registry.repository(), digest, source), 401, 'UNAUTHORIZED');
});
