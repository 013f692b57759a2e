import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe as describeBytes, imageIndex, imageManifest, mediaType, someBytes } from '#support/content';
import { assertError } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

// The specification leaves it open whether a manifest with missing parts is refused; when it is, then with this code.
test('a manifest with a missing part is refused as MANIFEST_BLOB_UNKNOWN, or kept as it came', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const { image } = { image: await client.pushImage(repository) };
  const missing = describeBytes(mediaType.layer, someBytes(100));
  const absent = describeBytes(mediaType.image, someBytes(100));
  for (const [name, manifest, type] of [
    ['layer', imageManifest(image.config, [missing]), mediaType.image],
    ['config', imageManifest({ ...missing, mediaType: mediaType.config }, image.layers), mediaType.image],
    ['child', imageIndex([image.descriptor, absent]), mediaType.index],
  ] as const) {
    const answer = await client.putManifest(repository, `missing-${name}`, manifest, type);
    if (answer.status === 201) {
      const got = await client.expect(200, 'GET', `/v2/${repository}/manifests/missing-${name}`);
      assert.equal(got.text, manifest);
    } else {
      assertError(answer, [400, 404], 'MANIFEST_BLOB_UNKNOWN');
      await client.expect(404, 'HEAD', `/v2/${repository}/manifests/missing-${name}`);
    }
  }
});

test('a refusal for missing parts names each of them', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository);
  const missing = [1, 2, 3].map(() => describeBytes(mediaType.layer, someBytes(100)));
  const answer = await client.putManifest(repository, 'x', imageManifest(image.config, missing), mediaType.image);
  if (answer.status === 201) return;
  assertError(answer, [400, 404], 'MANIFEST_BLOB_UNKNOWN');
  for (const { digest } of missing) assert.ok(answer.text.includes(digest), digest);
});

test('a manifest whose subject does not exist is accepted', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository);
  const subject = describeBytes(mediaType.image, someBytes(100));
  for (const [manifest, type] of [
    [imageManifest(image.config, image.layers, { subject }), mediaType.image],
    [imageIndex([image.descriptor], { subject }), mediaType.index],
  ] as const) {
    const answer = await client.putManifest(repository, describeBytes(type, manifest).digest, manifest, type);
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.header('oci-subject'), subject.digest);
  }
});

test('a manifest without a subject is not answered with one', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository);
  const answer = await client.putManifest(repository, 'plain', image.manifest, mediaType.image);
  assert.equal(answer.header('oci-subject'), undefined);
});
