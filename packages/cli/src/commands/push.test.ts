import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { dockerManifest } from '@entrepot/oci/media-types';
import { parseRepositoryName } from '@entrepot/oci/repository-name';
import { randomImage, randomIndex } from '@entrepot/oci/testing/random-image';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { packTar } from 'modern-tar';
import { runCli } from '#testing/run-cli';
import { makeTemporaryFolder } from '#testing/temporary-folder';

const file = (name: string, body: string | Uint8Array) => ({ header: { name, size: Buffer.from(body).length }, body });

test('a layout goes to a registry and comes back the same', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const index = randomIndex({ seed: 1 });
  double.put('a/b', index, 'v1');
  for (const [at, place] of [`${folder.path}/l`, `oci-archive:${folder.path}/a.tar`].entries()) {
    const to = `${double.host}/c${at}/d:v1`;
    assert.equal((await runCli(['pull', `${double.host}/a/b:v1`, place])).code, 0);
    const ran = await runCli(['push', place, to]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(
      ran.stdout.split('\n').slice(1, 3).join('|'),
      `${index.descriptor.digest}|3 manifests and 6 blobs (${/\((.*)\)/.exec(ran.stdout)?.[1]}) copied`,
    );
    const held = double.store.open(parseRepositoryName(`c${at}/d`));
    assert.equal(held.tags.get('v1' as never), index.descriptor.digest);
  }
});

test('what docker save writes is pushed: config as it is, layers compressed, the same digest every time', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const image = randomImage({ seed: 2 });
  const tars = image.layers.map(({ bytes }) => gunzipSync(bytes));
  const manifest = [
    { Config: 'c.json', RepoTags: ['app:1', 'r.example/app:2'], Layers: ['0/layer.tar', '1/layer.tar'] },
  ];
  const path = join(folder.path, 'x.tar');
  const plain = await packTar([
    file('0/layer.tar', tars[0] ?? ''),
    { header: { name: '1/layer.tar', size: 0, type: 'symlink', linkname: '../real.tar' } },
    file('real.tar', tars[1] ?? ''),
    file('c.json', image.config.bytes),
    file('manifest.json', JSON.stringify(manifest)),
  ]);
  const digests = new Set<string>();
  for (const bytes of [plain, gzipSync(plain)]) {
    await writeFile(path, bytes);
    const ran = await runCli(['push', `docker-archive:${path}:app:1`, `${double.host}/a/b:v1`, '-o', 'json']);
    assert.equal(ran.code, 0, ran.stderr);
    const report = JSON.parse(ran.stdout);
    assert.equal(report.mediaType, dockerManifest);
    digests.add(report.digest);
  }
  assert.equal(digests.size, 1);
  const held = double.store.open(parseRepositoryName('a/b'));
  assert.ok(Buffer.from(held.blobs.get(image.config.descriptor.digest) ?? []).equals(image.config.bytes));
  const layers = [...held.manifests.values()][0]?.parsed.layers ?? [];
  const unpacked = layers.map(({ digest }) => gunzipSync(held.blobs.get(digest) ?? ''));
  assert.deepEqual(unpacked, tars);
  assert.equal((await runCli(['ls', `docker-archive:${path}`])).stdout, 'app:1\nr.example/app:2\n');
});

test('a docker archive with a damaged layer is refused before anything is sent', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const image = randomImage({ seed: 3, layers: 1 });
  const path = join(folder.path, 'x.tar');
  const manifest = JSON.stringify([{ Config: 'c.json', RepoTags: null, Layers: ['l.tar'] }]);
  await writeFile(
    path,
    await packTar([file('manifest.json', manifest), file('c.json', image.config.bytes), file('l.tar', 'other')]),
  );
  const ran = await runCli(['push', `docker-archive:${path}`, `${double.host}/a/b:v1`]);
  assert.equal(ran.code, 1);
  assert.match(ran.stderr, /a layer of docker-archive:.* has the digest/);
  assert.deepEqual(double.requests, []);
});

test('a layout with a missing blob is told as such', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const image = randomImage({ seed: 4, layers: 1 });
  double.put('a/b', image, 'v1');
  await runCli(['pull', `${double.host}/a/b:v1`, `${folder.path}/l`]);
  await rm(join(folder.path, 'l/blobs/sha256', image.layers[0]?.descriptor.digest.slice(7) ?? ''));
  const ran = await runCli(['push', `${folder.path}/l`, `${double.host}/c/d:v1`]);
  assert.notEqual(ran.code, 0);
  assert.match(ran.stderr, /error: oci:.*\/l has no sha256:/);
});

test('a layout with a changed blob is refused by its digest', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const image = randomImage({ seed: 5, layers: 1 });
  const [layer] = image.layers;
  double.put('a/b', image, 'v1');
  await runCli(['pull', `${double.host}/a/b:v1`, `${folder.path}/l`]);
  const path = join(folder.path, 'l/blobs/sha256', layer?.descriptor.digest.slice(7) ?? '');
  const bytes = await readFile(path);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(path, bytes);
  const ran = await runCli(['push', `${folder.path}/l`, `${double.host}/c/d:v1`]);
  assert.equal(ran.code, 1);
  assert.equal(double.store.open(parseRepositoryName('c/d')).tags.size, 0);
});

const wrong: readonly [string, string, RegExp, number][] = [
  ['a folder that is not there', 'nowhere', /nowhere does not exist/, 3],
  ['a folder that is no layout', '.', /is no OCI layout/, 1],
  ['an archive of unknown kind', 'x.tar', /could be an archive of two kinds/, 2],
];

for (const [name, source, said, code] of wrong) {
  test(`${name} is told as such`, async () => {
    const ran = await runCli(['push', source, 'localhost:1/a/b']);
    assert.equal(ran.code, code);
    assert.match(ran.stderr, said);
  });
}
