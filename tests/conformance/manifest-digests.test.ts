import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe as describeBytes, digestOf, imageIndex, imageManifest, mediaType, someBytes } from '#support/content';
import { assertError } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

test('a manifest pushed by its sha512 digest is found and answered under it', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository);
  const manifest = `${image.manifest}\n`;
  const digest = digestOf(manifest, 'sha512');
  const pushed = await client.putManifest(repository, digest, manifest, mediaType.image);
  assert.equal(pushed.status, 201, pushed.text);
  assert.equal(pushed.header('docker-content-digest'), digest);
  for (const method of ['GET', 'HEAD']) {
    for (const path of [`/v2/${repository}/manifests/${digest}`, client.locationOf(pushed)]) {
      const answer = await client.expect(200, method, path);
      assert.equal(answer.header('docker-content-digest'), digest);
      if (method === 'GET') assert.equal(answer.text, manifest);
    }
  }
  await client.expect(202, 'DELETE', `/v2/${repository}/manifests/${digest}`);
  await client.expect(404, 'HEAD', `/v2/${repository}/manifests/${digest}`);
});

test('an image and an index may name their parts by sha512', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const [config, layer] = [Buffer.from('{"os":"linux"}'), someBytes(1000)];
  for (const blob of [config, layer]) await client.pushBlob(repository, blob, 'sha512');
  const manifest = imageManifest(describeBytes(mediaType.config, config, 'sha512'), [
    describeBytes(mediaType.layer, layer, 'sha512'),
  ]);
  const child = describeBytes(mediaType.image, manifest, 'sha512');
  assert.equal((await client.putManifest(repository, child.digest, manifest, mediaType.image)).status, 201);
  const answer = await client.putManifest(repository, 'index', imageIndex([child]), mediaType.index);
  assert.equal(answer.status, 201, answer.text);
});

for (const algorithm of ['sha256', 'sha512'] as const) {
  test(`a manifest pushed by its ${algorithm} digest takes the tags in the query with it`, async () => {
    const { client } = registry;
    const repository = registry.repository();
    const image = await client.pushImage(repository);
    const digest = digestOf(image.manifest, algorithm);
    const tags = ['1.2.3', '1.2', '1', 'latest', ...Array.from({ length: 8 }, (_, index) => `extra-${index}`)];
    const query = tags.map((tag) => `tag=${tag}`).join('&');
    const answer = await client.putManifest(repository, `${digest}?${query}`, image.manifest, mediaType.image);
    assert.equal(answer.status, 201, answer.text);
    const accepted = answer.headers('oci-tag').flatMap((value) => value.split(',').map((tag) => tag.trim()));
    assert.deepEqual(accepted.toSorted(), tags.toSorted());
    assert.equal(answer.header('docker-content-digest'), digest);
    for (const tag of tags) {
      assert.equal((await client.expect(200, 'GET', `/v2/${repository}/manifests/${tag}`)).text, image.manifest);
    }
  });
}

test('a tag under which a sha512 manifest was pushed is answered in that algorithm', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository);
  const manifest = `${image.manifest}\n`;
  const digest = digestOf(manifest, 'sha512');
  const pushed = await client.putManifest(repository, `${digest}?tag=strong`, manifest, mediaType.image);
  assert.equal(pushed.status, 201, pushed.text);
  const answer = await client.expect(200, 'HEAD', `/v2/${repository}/manifests/strong`);
  assert.equal(answer.header('docker-content-digest'), digest);
});

test('one malformed tag among those in the query refuses the push whole', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository);
  const digest = digestOf(`${image.manifest}\n`);
  const answer = await client.putManifest(
    repository,
    `${digest}?tag=good&tag=-bad`,
    `${image.manifest}\n`,
    mediaType.image,
  );
  assertError(answer, 400, 'MANIFEST_INVALID', 'NAME_INVALID', 'UNSUPPORTED');
  await client.expect(404, 'HEAD', `/v2/${repository}/manifests/good`);
});

test('tags beyond all measure are refused with 414', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository);
  const query = Array.from({ length: 300 }, (_, index) => `tag=t${index}`).join('&');
  const answer = await client.putManifest(
    repository,
    `${image.descriptor.digest}?${query}`,
    image.manifest,
    mediaType.image,
  );
  assert.ok([414, 431].includes(answer.status), `${answer.status}: ${answer.text}`);
  await client.expect(404, 'HEAD', `/v2/${repository}/manifests/t0`);
});

test('the same manifest pushed again under other tags stays one manifest', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository, 'a');
  await client.pushManifest(repository, 'b', image.manifest);
  await client.pushManifest(repository, undefined, image.manifest);
  for (const reference of ['a', 'b', image.descriptor.digest]) {
    const answer = await client.expect(200, 'HEAD', `/v2/${repository}/manifests/${reference}`);
    assert.equal(answer.header('docker-content-digest'), image.descriptor.digest);
  }
});
