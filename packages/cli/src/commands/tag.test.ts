import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRepositoryName } from '@entrepot/oci/repository-name';
import { randomIndex } from '@entrepot/oci/testing/random-image';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { runCli } from '#testing/run-cli';

test('an index gets further tags without anything else travelling', async () => {
  await using double = await startRegistryDouble();
  const index = randomIndex({ seed: 1 });
  double.put('a/b', index, 'v1');
  const ran = await runCli(['tag', `${double.host}/a/b:v1`, 'v2', 'latest']);
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal(ran.stdout.split('\n')[0], `${double.host}/a/b:v2 is ${index.descriptor.digest}`);
  const { tags } = double.store.open(parseRepositoryName('a/b'));
  assert.deepEqual([...tags.keys()], ['v1', 'v2', 'latest']);
  assert.equal(
    double.requests.some(({ target }) => target.includes('/blobs/')),
    false,
  );
});

test('a tag that is refused does not keep the others back', async () => {
  await using double = await startRegistryDouble();
  double.put('a/b', randomIndex({ seed: 2 }), 'v1');
  const body = JSON.stringify({ errors: [{ code: 'DENIED', message: 'the tag is immutable' }] });
  double.fail(
    { kind: 'answer', status: 412, body },
    ({ method, target }) => method === 'PUT' && target.endsWith('/v2'),
  );
  const ran = await runCli(['tag', `${double.host}/a/b:v1`, 'v2', 'v3', '-o', 'json']);
  assert.equal(ran.code, 7);
  assert.deepEqual(JSON.parse(ran.stdout).tags, ['v3']);
  const [first, last] = ran.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).error);
  assert.equal(first.http, 412);
  assert.match(first.message, /the tag is immutable/);
  assert.equal(last.code, 'PARTIAL');
});

test('the only tag that is refused is a conflict', async () => {
  await using double = await startRegistryDouble();
  double.put('a/b', randomIndex({ seed: 3 }), 'v1');
  double.fail({ kind: 'answer', status: 412 }, ({ method }) => method === 'PUT');
  assert.equal((await runCli(['tag', `${double.host}/a/b:v1`, 'v2'])).code, 8);
});

test('a tag that is none is refused before anything is asked', async () => {
  await using double = await startRegistryDouble();
  assert.equal((await runCli(['tag', `${double.host}/a/b:v1`, 'v2', 'no tag'])).code, 2);
  assert.deepEqual(double.requests, []);
});
