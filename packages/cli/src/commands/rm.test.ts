import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRepositoryName } from '@entrepot/oci/repository-name';
import { randomImage } from '@entrepot/oci/testing/random-image';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { runCli } from '#testing/run-cli';

const repository = parseRepositoryName('a/b');

test('a tag goes and its image stays; a digest takes the image with all its tags', async () => {
  await using double = await startRegistryDouble();
  const image = randomImage({ seed: 1 });
  const { digest } = image.descriptor;
  for (const tag of ['v1', 'v2', 'v3']) {
    double.put('a/b', image, tag);
  }
  const tag = await runCli(['rm', '--yes', `${double.host}/a/b:v1`]);
  assert.equal(tag.stdout, `Removed ${double.host}/a/b:v1 (${digest})\n`, tag.stderr);
  assert.deepEqual([...double.store.open(repository).tags.keys()], ['v2', 'v3']);
  const all = await runCli(['rm', '-y', `${double.host}/a/b@${digest}`, '-o', 'json']);
  assert.deepEqual(JSON.parse(all.stdout), {
    removed: [{ reference: `${double.host}/a/b@${digest}`, what: 'image', digest }],
    dryRun: false,
  });
  assert.equal(double.store.open(repository).tags.size, 0);
});

test('a dry run only says what would go', async () => {
  await using double = await startRegistryDouble();
  double.put('a/b', randomImage({ seed: 2 }), 'v1');
  const ran = await runCli(['rm', '--dry-run', `${double.host}/a/b:v1`]);
  assert.match(ran.stdout, /^Would remove /);
  assert.equal(
    double.requests.some(({ method }) => method === 'DELETE'),
    false,
  );
});

test('without a terminal to ask on, a yes must be given', async () => {
  const ran = await runCli(['rm', 'localhost:1/a/b:v1']);
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /--yes/);
});

test('latest is never meant by itself', async () => {
  for (const reference of ['localhost:1/a/b', `localhost:1/a/b:v1@sha256:${'0'.repeat(64)}`]) {
    assert.equal((await runCli(['rm', '--yes', reference])).code, 2);
  }
});

test('one that is missing among several makes it partial', async () => {
  await using double = await startRegistryDouble();
  double.put('a/b', randomImage({ seed: 3 }), 'v1');
  const ran = await runCli(['rm', '-y', `${double.host}/a/b:none`, `${double.host}/a/b:v1`]);
  assert.equal(ran.code, 7);
  assert.match(ran.stderr, /a\/b:none is not there.\nhint: .*\nerror: 1 of 2 failed\.\n$/);
  assert.match(ran.stdout, /^Removed .*:v1 /);
  assert.equal((await runCli(['rm', '-y', `${double.host}/a/b:none`])).code, 3);
});

test('a registry that does not delete says so', async () => {
  await using double = await startRegistryDouble();
  double.put('a/b', randomImage({ seed: 4 }), 'v1');
  double.fail({ kind: 'answer', status: 405 }, ({ method }) => method === 'DELETE');
  const ran = await runCli(['rm', '-y', `${double.host}/a/b:v1`]);
  assert.equal(ran.code, 1);
  assert.match(ran.stderr, /hint: this registry may remove images only by their digest/);
});
