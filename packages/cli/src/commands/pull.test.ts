import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { digestOf } from '@entrepot/oci/client/content-hash';
import { ociImageConfig, ociImageManifest } from '@entrepot/oci/media-types';
import { randomImage, randomIndex, type TestImage, testContent } from '@entrepot/oci/testing/random-image';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { unpackTar } from 'modern-tar';
import { runCli } from '#testing/run-cli';
import { makeTemporaryFolder } from '#testing/temporary-folder';

const ociLayerTar = 'application/vnd.oci.image.layer.v1.tar';
const hexOf = (content: { readonly descriptor: { readonly digest: string } }) => content.descriptor.digest.slice(7);

async function readArchive(path: string): Promise<Map<string, Buffer>> {
  const entries = await unpackTar(await readFile(path));
  return new Map(entries.map(({ header, data }) => [header.name, Buffer.from(data ?? [])]));
}

test('an image becomes an OCI layout that holds its bytes', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const image = randomImage({ seed: 1 });
  double.put('a/b', image, 'v1');
  const layout = join(folder.path, 'deep/layout');
  const ran = await runCli(['pull', `${double.host}/a/b:v1`, layout]);
  assert.equal(ran.code, 0, ran.stderr);
  for (const content of [image, ...image.blobs]) {
    assert.ok((await readFile(join(layout, 'blobs/sha256', hexOf(content)))).equals(content.bytes));
  }
  assert.equal(await readFile(join(layout, 'oci-layout'), 'utf8'), '{"imageLayoutVersion":"1.0.0"}');
  const { mediaType, digest, size } = image.descriptor;
  assert.deepEqual(JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')).manifests, [
    { mediaType, digest, size, annotations: { 'org.opencontainers.image.ref.name': 'v1' } },
  ]);
});

test('an image becomes an archive for docker load: layers uncompressed, its name inside', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const image = randomImage({ seed: 2 });
  double.put('a/b', image, 'v1');
  const path = join(folder.path, 'x.tar');
  const ran = await runCli(['pull', `${double.host}/a/b:v1`, `docker-archive:${path}`]);
  assert.equal(ran.code, 0, ran.stderr);
  const files = await readArchive(path);
  const layers = image.layers.map(({ bytes }) => gunzipSync(bytes));
  const names = layers.map((layer) => `${digestOf(layer).slice(7)}.tar`);
  const config = `${hexOf(image.config)}.json`;
  assert.deepEqual(JSON.parse(files.get('manifest.json')?.toString() ?? ''), [
    { Config: config, RepoTags: [`${double.host}/a/b:v1`], Layers: names },
  ]);
  assert.ok(files.get(config)?.equals(image.config.bytes));
  for (const [at, name] of names.entries()) {
    assert.ok(files.get(name)?.equals(layers[at] ?? Buffer.alloc(1)));
  }
  assert.deepEqual(await readdir(folder.path), ['x.tar']);
});

test('the same image yields the same archive', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  double.put('a/b', randomImage({ seed: 3 }), 'v1');
  for (const kind of ['docker-archive', 'oci-archive']) {
    const paths = ['1.tar', '2.tar'].map((name) => join(folder.path, `${kind}-${name}`));
    for (const path of paths) {
      assert.equal((await runCli(['pull', `${double.host}/a/b:v1`, `${kind}:${path}`])).code, 0);
    }
    const [first, second] = await Promise.all(paths.map((path) => readFile(path)));
    assert.ok(first?.equals(second ?? Buffer.alloc(0)));
  }
});

test('of an index a docker archive gets the image for this machine, or the one that is asked for', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const own = { x64: 'amd64', arm64: 'arm64' }[process.arch as 'x64'] ?? process.arch;
  const platforms = [
    { os: 'linux', architecture: 's390x' },
    { os: 'linux', architecture: own },
  ];
  const index = randomIndex({ seed: 4, platforms });
  double.put('a/b', index, 'v1');
  const path = join(folder.path, 'x.tar');
  const configOf = async () => JSON.parse((await readArchive(path)).get('manifest.json')?.toString() ?? '')[0].Config;
  const expected = index.images.map((image) => `${hexOf(image.config)}.json`);
  await runCli(['pull', `${double.host}/a/b:v1`, `docker-archive:${path}`]);
  assert.equal(await configOf(), expected[1]);
  await runCli(['pull', `${double.host}/a/b:v1`, `docker-archive:${path}:app`, '--platform', 's390x']);
  assert.equal(await configOf(), expected[0]);

  const all = await runCli(['pull', `${double.host}/a/b:v1`, `docker-archive:${path}`, '--all-platforms']);
  assert.equal(all.code, 2);
  assert.match(all.stderr, /a docker archive holds one image/);
});

/** An image with one layer in a form of its own, twice. */
function imageOfLayer(tar: Buffer, layerBytes: Uint8Array, mediaType: string, diffId = digestOf(tar)): TestImage {
  const layer = testContent(mediaType, layerBytes);
  const config = testContent(
    ociImageConfig,
    Buffer.from(
      JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [diffId, diffId] } }),
    ),
  );
  const manifest = {
    schemaVersion: 2,
    mediaType: ociImageManifest,
    config: config.descriptor,
    layers: [layer.descriptor, layer.descriptor],
  };
  const content = testContent(ociImageManifest, Buffer.from(JSON.stringify(manifest)));
  return { ...content, config, layers: [layer], blobs: [config, layer] };
}

const tar = Buffer.alloc(10_240, 7);
const forms: readonly [string, Uint8Array, string][] = [
  ['zstd', zstdCompressSync(tar), `${ociLayerTar}+zstd`],
  ['gzip under a type that does not say so', gzipSync(tar), ociLayerTar],
  ['no compression', tar, ociLayerTar],
];

for (const [name, bytes, mediaType] of forms) {
  test(`a layer in ${name} is unpacked for docker, and written once`, async () => {
    await using double = await startRegistryDouble();
    await using folder = await makeTemporaryFolder();
    double.put('a/b', imageOfLayer(tar, bytes, mediaType), 'v1');
    const path = join(folder.path, 'x.tar');
    const ran = await runCli(['pull', `${double.host}/a/b:v1`, `docker-archive:${path}`]);
    assert.equal(ran.code, 0, ran.stderr);
    const files = await readArchive(path);
    assert.equal(files.size, 3);
    assert.ok(files.get(`${digestOf(tar).slice(7)}.tar`)?.equals(tar));
  });
}

test('a layer that is not what the config names is refused, and the old archive stays', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  double.put('a/b', randomImage({ seed: 5 }), 'good');
  double.put('a/b', imageOfLayer(tar, gzipSync(tar), ociLayerTar, digestOf(Buffer.from('other'))), 'bad');
  const path = join(folder.path, 'x.tar');
  await runCli(['pull', `${double.host}/a/b:good`, `docker-archive:${path}`]);
  const before = await stat(path);
  const ran = await runCli(['pull', `${double.host}/a/b:bad`, `docker-archive:${path}`]);
  assert.equal(ran.code, 1);
  assert.match(ran.stderr, /but the config says/);
  assert.equal((await stat(path)).ino, before.ino);
  assert.deepEqual(await readdir(folder.path), ['x.tar']);
});

test('an image by its digest has no tag to go by', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const image = randomImage({ seed: 6 });
  double.put('a/b', image);
  const layout = join(folder.path, 'l');
  assert.equal((await runCli(['pull', `${double.host}/a/b@${image.descriptor.digest}`, layout])).code, 0);
  assert.equal((await runCli(['ls', `oci:${layout}`])).stdout, `${image.descriptor.digest}\n`);
});
