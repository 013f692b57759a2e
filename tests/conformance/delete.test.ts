import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageIndex, mediaType } from '#support/content';
import { assertError } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

test('a deleted tag is gone at once, its manifest and its other tags stay', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository, 'a');
  await client.pushManifest(repository, 'b', image.manifest);
  await client.expect(202, 'DELETE', `/v2/${repository}/manifests/a`);
  await client.expect(404, 'HEAD', `/v2/${repository}/manifests/a`);
  await client.expect(404, 'GET', `/v2/${repository}/manifests/a`);
  await client.expect(200, 'HEAD', `/v2/${repository}/manifests/b`);
  await client.expect(200, 'HEAD', `/v2/${repository}/manifests/${image.descriptor.digest}`);
  assertError(await client.send('DELETE', `/v2/${repository}/manifests/a`), 404, 'MANIFEST_UNKNOWN');
});

test('a deleted manifest takes every tag to it along', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository, 'a');
  await client.pushManifest(repository, 'b', image.manifest);
  const other = await client.pushImage(repository, 'c');
  await client.expect(202, 'DELETE', `/v2/${repository}/manifests/${image.descriptor.digest}`);
  for (const reference of ['a', 'b', image.descriptor.digest]) {
    await client.expect(404, 'HEAD', `/v2/${repository}/manifests/${reference}`);
    await client.expect(404, 'GET', `/v2/${repository}/manifests/${reference}`);
  }
  assert.equal((await client.expect(200, 'GET', `/v2/${repository}/manifests/c`)).text, other.manifest);
  const list = await client.expect(200, 'GET', `/v2/${repository}/tags/list`);
  assert.deepEqual(list.json(), { name: repository, tags: ['c'] });
});

test('a repository whose last tag is gone lists no tags, and never null', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository, 'only');
  await client.expect(202, 'DELETE', `/v2/${repository}/manifests/${image.descriptor.digest}`);
  const answer = await client.expect([200, 404], 'GET', `/v2/${repository}/tags/list`);
  if (answer.status === 200) assert.deepEqual(answer.json(), { name: repository, tags: [] });
});

test('a manifest that an index names is either kept with a reason or deleted', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository);
  const index = imageIndex([image.descriptor]);
  await client.pushManifest(repository, 'index', index, mediaType.index);
  const answer = await client.send('DELETE', `/v2/${repository}/manifests/${image.descriptor.digest}`);
  assert.ok([202, 400, 403, 405, 409].includes(answer.status), `${answer.status}: ${answer.text}`);
  const got = await client.send('HEAD', `/v2/${repository}/manifests/${image.descriptor.digest}`);
  assert.equal(got.status, answer.status === 202 ? 404 : 200);
  assert.equal((await client.expect(200, 'GET', `/v2/${repository}/manifests/index`)).text, index);
});

test('a blob that a manifest names is either kept with a reason or deleted', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository, 'image');
  const path = `/v2/${repository}/blobs/${image.layers[0]?.digest}`;
  const answer = await client.send('DELETE', path);
  assert.ok([202, 400, 403, 405, 409].includes(answer.status), `${answer.status}: ${answer.text}`);
  assert.equal((await client.send('HEAD', path)).status, answer.status === 202 ? 404 : 200);
});

test('what is deleted in one repository stays in the others', async () => {
  const { client } = registry;
  const [one, other] = [registry.repository(), registry.repository()];
  const image = await client.pushImage(one, 'same');
  for (const { digest } of [image.config, ...image.layers]) {
    await client.expect(201, 'POST', `/v2/${other}/blobs/uploads/?mount=${digest}&from=${one}`, {
      'content-length': '0',
    });
  }
  await client.pushManifest(other, 'same', image.manifest);
  await client.expect(202, 'DELETE', `/v2/${one}/manifests/${image.descriptor.digest}`);
  for (const { digest } of [image.config, ...image.layers])
    await client.expect([202, 404], 'DELETE', `/v2/${one}/blobs/${digest}`);
  assert.equal((await client.expect(200, 'GET', `/v2/${other}/manifests/same`)).text, image.manifest);
  for (const { digest } of [image.config, ...image.layers])
    await client.expect(200, 'GET', `/v2/${other}/blobs/${digest}`);
});

test('a deleted image can be pushed anew', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository, 'again');
  await client.expect(202, 'DELETE', `/v2/${repository}/manifests/${image.descriptor.digest}`);
  await client.pushManifest(repository, 'again', image.manifest);
  assert.equal((await client.expect(200, 'GET', `/v2/${repository}/manifests/again`)).text, image.manifest);
});

test('deletion without credentials is refused with a challenge', async () => {
  const repository = registry.repository();
  const image = await registry.client.pushImage(repository, 'kept');
  for (const path of ['manifests/kept', `manifests/${image.descriptor.digest}`, `blobs/${image.config.digest}`]) {
    assertError(await registry.anonymous.send('DELETE', `/v2/${repository}/${path}`), 401, 'UNAUTHORIZED');
  }
  await registry.client.expect(200, 'HEAD', `/v2/${repository}/manifests/kept`);
});

test('a pull token deletes nothing', async () => {
  const repository = registry.repository();
  await registry.client.pushImage(repository, 'kept');
  const reader = registry.clientWith(`Bearer ${await registry.token(`repository:${repository}:pull`)}`);
  const answer = await reader.send('DELETE', `/v2/${repository}/manifests/kept`);
  assertError(answer, [401, 403], 'UNAUTHORIZED', 'DENIED');
  await reader.expect(200, 'HEAD', `/v2/${repository}/manifests/kept`);
});
