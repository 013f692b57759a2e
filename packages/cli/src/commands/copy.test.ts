import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ociImageIndex } from '@entrepot/oci/media-types';
import { parseRepositoryName } from '@entrepot/oci/repository-name';
import { indexOf, randomImage, randomIndex, randomReferrer } from '@entrepot/oci/testing/random-image';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { runCli } from '#testing/run-cli';
import { makeTemporaryFolder } from '#testing/temporary-folder';

const manifestsOf = (double: Awaited<ReturnType<typeof startRegistryDouble>>, name: string) => [
  ...double.store.open(parseRepositoryName(name)).manifests.keys(),
];

test('an index is copied from registry to registry with everything it names, byte for byte', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  const index = randomIndex({ seed: 1 });
  from.put('a/b', index, 'v1');
  const ran = await runCli(['copy', `${from.host}/a/b:v1`, `${to.host}/c/d:v2`, '-o', 'json']);
  assert.equal(ran.code, 0, ran.stderr);
  const report = JSON.parse(ran.stdout);
  assert.equal(report.digest, index.descriptor.digest);
  assert.deepEqual(report.manifests, { copied: 3, present: 0 });
  assert.deepEqual(report.blobs, { copied: 6, mounted: 0, present: 0 });
  const held = to.store.open(parseRepositoryName('c/d'));
  assert.equal(held.tags.get('v2' as never), index.descriptor.digest);
  assert.ok(Buffer.from(held.manifests.get(index.descriptor.digest)?.bytes ?? []).equals(index.bytes));
});

test('what is there already is not copied again', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  from.put('a/b', randomImage({ seed: 1, layers: 3 }), 'v1');
  to.fail(
    { kind: 'answer', status: 400, body: '{}' },
    ({ method, target }) => method === 'PUT' && target.includes('/manifests/'),
  );
  const broken = await runCli(['copy', `${from.host}/a/b:v1`, `${to.host}/a/b:v1`]);
  assert.equal(broken.code, 1);
  const again = await runCli(['copy', `${from.host}/a/b:v1`, `${to.host}/a/b:v1`, '-o', 'json']);
  assert.deepEqual(JSON.parse(again.stdout).blobs, { copied: 0, mounted: 0, present: 4 });
});

test('within one registry blobs are mounted', async () => {
  await using double = await startRegistryDouble();
  double.put('a/b', randomImage({ seed: 1 }), 'v1');
  const ran = await runCli(['copy', `${double.host}/a/b:v1`, `${double.host}/c/d:v1`, '-o', 'json']);
  assert.deepEqual(JSON.parse(ran.stdout).blobs, { copied: 0, mounted: 3, present: 0 });
});

test('one platform is copied as an image, several as the same index with only these behind it', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const platforms = ['amd64', 'arm64', 's390x'].map((architecture) => ({ os: 'linux', architecture }));
  const index = randomIndex({ seed: 2, platforms });
  double.put('a/b', index, 'v1');
  const source = `${double.host}/a/b:v1`;

  const one = await runCli(['copy', source, `${double.host}/one/x:v1`, '--platform', 'linux/s390x', '-o', 'json']);
  assert.equal(JSON.parse(one.stdout).digest, index.images[2]?.descriptor.digest);
  assert.deepEqual(manifestsOf(double, 'one/x'), [index.images[2]?.descriptor.digest]);

  const layout = join(folder.path, 'layout');
  const args = ['copy', source, `oci:${layout}`, '--platform', 'arm64', '--platform', 'linux/amd64', '-o', 'json'];
  const two = await runCli(args);
  assert.equal(two.code, 0, two.stderr);
  assert.equal(JSON.parse(two.stdout).digest, index.descriptor.digest);
  const blobs = await readdir(join(layout, 'blobs/sha256'));
  const held = index.images.map(({ descriptor }) => blobs.includes(descriptor.digest.slice(7)));
  assert.deepEqual(held, [true, true, false]);
});

test('attestations go with the image they are about', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const images = ['amd64', 'arm64', 's390x'].map((architecture) =>
    randomImage({ seed: architecture, platform: { os: 'linux', architecture } }),
  );
  const about = images.map((image, at) => {
    const attestation = randomImage({ seed: `about-${at}`, platform: { os: 'unknown', architecture: 'unknown' } });
    const annotations = {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': image.descriptor.digest,
    };
    return { ...attestation, descriptor: { ...attestation.descriptor, annotations } };
  });
  double.put('a/b', indexOf([...images, ...about]), 'v1');
  const args = ['--platform', 'amd64', '--platform', 'arm64'];
  const ran = await runCli(['copy', `${double.host}/a/b:v1`, `oci:${folder.path}/l`, ...args]);
  assert.equal(ran.code, 0, ran.stderr);
  const blobs = await readdir(join(folder.path, 'l/blobs/sha256'));
  const held = about.map(({ descriptor }) => blobs.includes(descriptor.digest.slice(7)));
  assert.deepEqual(held, [true, true, false]);
});

test('a platform that is not there is told with those that are', async () => {
  await using double = await startRegistryDouble();
  double.put('a/b', randomIndex({ seed: 3 }), 'v1');
  double.put('a/b', randomImage({ seed: 3 }), 'single');
  for (const tag of ['v1', 'single']) {
    const ran = await runCli([
      'copy',
      `${double.host}/a/b:${tag}`,
      `${double.host}/c/d`,
      '--platform',
      'linux/ppc64le',
    ]);
    assert.equal(ran.code, 3);
    assert.match(ran.stderr, /no image for linux\/ppc64le, only for linux\/amd64/);
  }
  assert.deepEqual(manifestsOf(double, 'c/d'), []);
});

test('referrers travel with the image, into a layout and out of it again', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const image = randomImage({ seed: 4 });
  const signature = randomReferrer(5, image.descriptor, 'application/vnd.example.signature');
  const onSignature = randomReferrer(6, signature.descriptor, 'application/vnd.example.note');
  from.put('a/b', image, 'v1');
  from.put('a/b', signature);
  from.put('a/b', onSignature);
  const layout = `oci:${folder.path}/l`;
  const out = await runCli(['copy', '--referrers', `${from.host}/a/b:v1`, layout, '-o', 'json']);
  assert.deepEqual(JSON.parse(out.stdout).manifests, { copied: 3, present: 0 });
  const back = await runCli(['copy', '--referrers', layout, `${to.host}/c/d:v1`]);
  assert.equal(back.code, 0, back.stderr);
  const expected = [image, signature, onSignature].map(({ descriptor }) => descriptor.digest);
  assert.deepEqual(manifestsOf(to, 'c/d').toSorted(), expected.toSorted());
});

test('a target without a tag is latest, and so is a source', async () => {
  await using double = await startRegistryDouble();
  const image = randomImage({ seed: 7 });
  double.put('a/b', image, 'latest');
  assert.equal((await runCli(['copy', `${double.host}/a/b`, `${double.host}/c/d`])).code, 0);
  assert.equal(double.store.open(parseRepositoryName('c/d')).tags.get('latest' as never), image.descriptor.digest);
});

test('damaged content is not kept, and nothing of it stays under a final name', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const image = randomImage({ seed: 8, layers: 1, layerSize: 100_000 });
  const [layer] = image.layers;
  double.put('a/b', image, 'v1');
  double.fail({ kind: 'corrupt' }, ({ target }) => target.includes(layer?.descriptor.digest ?? '-'), 20);
  const ran = await runCli(['copy', `${double.host}/a/b:v1`, `oci:${folder.path}/l`]);
  assert.equal(ran.code, 1);
  assert.match(ran.stderr, /does not have that digest/);
  const left = await readdir(join(folder.path, 'l'), { recursive: true });
  assert.equal(
    left.some((name) => name.includes('partial') || name === 'index.json'),
    false,
  );
  assert.equal(
    left.some((name) => name.includes(layer?.descriptor.digest.slice(7) ?? '-')),
    false,
  );
});

test('an interrupted copy stops, cleans up and can go on', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const image = randomImage({ seed: 9, layers: 2 });
  const [, last] = image.layers;
  double.put('a/b', image, 'v1');
  double.fail({ kind: 'silence' }, ({ target }) => target.includes(last?.descriptor.digest ?? '-'));
  const { InterruptError } = await import('#src/failures/failures');
  const ending = new AbortController();
  const target = join(folder.path, 'x.tar');
  const running = runCli(['copy', `${double.host}/a/b:v1`, `oci-archive:${target}`], { signal: ending.signal });
  while (!double.requests.some(({ target: asked }) => asked.includes(last?.descriptor.digest ?? '-'))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  ending.abort(new InterruptError('SIGINT'));
  const ran = await running;
  assert.equal(ran.code, 130);
  assert.equal(ran.stderr, 'error: interrupted by SIGINT.\n');
  assert.deepEqual(await readdir(folder.path), []);
  assert.equal((await runCli(['copy', `${double.host}/a/b:v1`, `oci-archive:${target}`])).code, 0);
});

test('a layout keeps what it holds, and a folder with other things is refused', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  double.put('a/b', randomImage({ seed: 10 }), 'v1');
  double.put('a/b', randomImage({ seed: 11 }), 'v2');
  const layout = `oci:${folder.path}/l`;
  assert.equal((await runCli(['copy', `${double.host}/a/b:v1`, layout])).code, 0);
  assert.equal((await runCli(['copy', `${double.host}/a/b:v2`, `${layout}:second`])).code, 0);
  assert.equal((await runCli(['ls', layout])).stdout, 'v1\nsecond\n');
  const document = JSON.parse(await readFile(join(folder.path, 'l/index.json'), 'utf8'));
  assert.equal(document.mediaType, ociImageIndex);

  const which = await runCli(['copy', layout, `${double.host}/c/d`]);
  assert.equal(which.code, 3);
  assert.match(which.stderr, /holds 2 images.\nhint: name one, as in oci:.*:NAME: v1, second/);
  assert.equal((await runCli(['copy', `${layout}:second`, `${double.host}/c/d`])).code, 0);

  await writeFile(join(folder.path, 'mine'), '');
  const other = await runCli(['copy', `${double.host}/a/b:v1`, `oci:${folder.path}`]);
  assert.equal(other.code, 1);
  assert.match(other.stderr, /holds something that is no OCI layout/);
});

const contradictions: readonly [string, readonly string[]][] = [
  ['all platforms and one', ['--all-platforms', '--platform', 'amd64']],
  ['a platform that is none', ['--platform', 'a/b/c/d']],
  ['no jobs', ['--jobs', '0']],
  ['a progress nobody knows', ['--progress', 'loud']],
];

for (const [name, args] of contradictions) {
  test(`${name} cannot be meant`, async () => {
    const ran = await runCli(['copy', 'localhost:1/a/b', 'localhost:1/c/d', ...args]);
    assert.equal(ran.code, 2);
    assert.match(ran.stderr, /^error: /);
  });
}

test('progress is written as lines where CI is set, on standard error only', async () => {
  await using double = await startRegistryDouble();
  const image = randomImage({ seed: 12, layers: 1 });
  double.put('a/b', image, 'v1');
  const args = ['copy', `${double.host}/a/b:v1`, `${double.host}/c/d:v1`];
  const ran = await runCli(args, { env: { CI: 'true' } });
  const lines = ran.stderr.trim().split('\n');
  assert.equal(lines.length, 3);
  assert.equal(lines.at(-1), `${image.descriptor.digest.slice(7, 19)}  manifest  copied`);
  assert.equal((await runCli(args)).stderr, '');
});
