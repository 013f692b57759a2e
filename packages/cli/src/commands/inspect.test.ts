import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomImage, randomIndex, randomReferrer } from '@entrepot/oci/testing/random-image';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { parse } from 'yaml';
import { runCli } from '#testing/run-cli';

test('an image is shown with its platform and layers', async () => {
  await using double = await startRegistryDouble();
  const image = randomImage({ seed: 1 });
  double.put('a/b', image, 'v1');
  const ran = await runCli(['inspect', `${double.host}/a/b:v1`]);
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, new RegExp(`^Name: +${double.host}/a/b:v1\nDigest: +${image.descriptor.digest}\n`));
  assert.match(ran.stdout, /Platform: +linux\/amd64\nCreated: +2000-01-01T00:00:00Z\n/);
  assert.match(ran.stdout, /Label: +seed=1\n/);
  assert.match(ran.stdout, new RegExp(`\n2 +${image.layers[1]?.descriptor.digest} `));
});

test('an index is shown with its platforms, for people and for scripts', async () => {
  await using double = await startRegistryDouble();
  const index = randomIndex({ seed: 2 });
  double.put('a/b', index, 'v1');
  const table = await runCli(['inspect', `${double.host}/a/b:v1`]);
  assert.match(table.stdout, /PLATFORM +DIGEST +MANIFEST +TYPE\nlinux\/amd64 +sha256:.*\nlinux\/arm64\/v8 +sha256:/);
  const json = JSON.parse((await runCli(['inspect', `${double.host}/a/b:v1`, '-o', 'json'])).stdout);
  assert.deepEqual(
    json.platforms.map((child: { platform: string }) => child.platform),
    ['linux/amd64', 'linux/arm64/v8'],
  );
  const yaml = await runCli(['inspect', `${double.host}/a/b:v1`], { env: { ENTREPOT_OUTPUT: 'yaml' } });
  assert.deepEqual(parse(yaml.stdout), json);
});

test('the raw manifest and the raw config are the exact bytes', async () => {
  await using double = await startRegistryDouble();
  const index = randomIndex({ seed: 3 });
  double.put('a/b', index, 'v1');
  const ref = `${double.host}/a/b:v1`;
  assert.ok((await runCli(['inspect', '--raw', ref])).bytes.equals(index.bytes));
  const child = index.images[1];
  assert.ok(
    (await runCli(['inspect', '--raw', ref, '--platform', 'linux/arm64'])).bytes.equals(
      child?.bytes ?? Buffer.from(''),
    ),
  );
  const config = await runCli(['inspect', '--raw', '--config', ref, '--platform', 'arm64']);
  assert.ok(config.bytes.equals(child?.config.bytes ?? Buffer.from('')));
});

test('the config is shown as a document', async () => {
  await using double = await startRegistryDouble();
  const image = randomImage({ seed: 4 });
  double.put('a/b', image, 'v1');
  const ran = await runCli(['inspect', '--config', `${double.host}/a/b:v1`, '-o', 'yaml']);
  assert.deepEqual(parse(ran.stdout), JSON.parse(Buffer.from(image.config.bytes).toString()));
});

test('an index has no config, and the hint says what to do', async () => {
  await using double = await startRegistryDouble();
  double.put('a/b', randomIndex({ seed: 5 }), 'v1');
  const ran = await runCli(['inspect', '--config', `${double.host}/a/b:v1`]);
  assert.equal(ran.code, 3);
  assert.match(ran.stderr, /--platform/);
});

test('an artifact is shown with its type and what it is about', async () => {
  await using double = await startRegistryDouble();
  const image = randomImage({ seed: 6 });
  const signature = randomReferrer(7, image.descriptor, 'application/vnd.example.signature');
  double.put('a/b', image);
  double.put('a/b', signature);
  const ran = await runCli(['inspect', `${double.host}/a/b@${signature.descriptor.digest}`]);
  assert.match(ran.stdout, /Artifact: +application\/vnd\.example\.signature\nSubject: +sha256:/);
  assert.match(ran.stdout, /Annotation: +org\.example\.seed=7\n/);
});

test('a missing image is told with the exit code for it, and as JSON for scripts', async () => {
  await using double = await startRegistryDouble();
  double.put('a/b', randomImage({ seed: 8 }), 'v1');
  const ran = await runCli(['inspect', `${double.host}/a/b:v2`, '-o', 'json']);
  assert.equal(ran.code, 3);
  assert.equal(ran.stdout, '');
  assert.deepEqual(JSON.parse(ran.stderr).error, {
    code: 'MANIFEST_UNKNOWN',
    message: `GET http://${double.host}/v2/a/b/manifests/v2 answered 404: MANIFEST_UNKNOWN: there is no manifest v2`,
    http: 404,
    hint: `see which tags there are: entrepot ls ${double.host}/a/b`,
  });
});
