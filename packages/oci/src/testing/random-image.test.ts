import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { digestOf } from '#src/client/content-hash';
import { parseManifest } from '#src/manifest';
import { randomImage, randomIndex, seededBytes } from './random-image.ts';

test('the same seed yields the same image, another seed another', () => {
  assert.deepEqual(randomImage({ seed: 1 }), randomImage({ seed: 1 }));
  assert.notEqual(randomImage({ seed: 1 }).descriptor.digest, randomImage({ seed: 2 }).descriptor.digest);
  assert.equal(seededBytes(1, 0).length, 0);
});

test('an image is sound: its manifest names its blobs, its config its layers', () => {
  for (const docker of [false, true]) {
    const image = randomImage({ seed: 1, docker, layers: 3 });
    const manifest = parseManifest(image.bytes, image.descriptor.mediaType);
    assert.deepEqual(
      manifest.blobs,
      image.blobs.map(({ descriptor }) => descriptor),
    );
    const config = JSON.parse(Buffer.from(image.config.bytes).toString());
    assert.deepEqual(
      config.rootfs.diff_ids,
      image.layers.map(({ bytes }) => digestOf(gunzipSync(bytes))),
    );
  }
});

test('an index names an image for each platform', () => {
  const index = randomIndex({ seed: 1 });
  const { manifests } = parseManifest(index.bytes, undefined);
  assert.deepEqual(
    manifests.map(({ platform }) => platform?.architecture),
    ['amd64', 'arm64'],
  );
});
