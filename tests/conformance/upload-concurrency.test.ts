import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, mediaType, someBytes } from '#support/content';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();
const octets = { 'content-type': mediaType.bytes };

test('a blob pushed ten times at once to one repository is accepted ten times', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(200_000);
  await Promise.all(Array.from({ length: 10 }, () => client.pushBlob(repository, bytes)));
  assert.deepEqual((await client.expect(200, 'GET', `/v2/${repository}/blobs/${digestOf(bytes)}`)).body, bytes);
});

test('a blob pushed at once to ten repositories is accepted in each', async () => {
  const { client } = registry;
  const bytes = someBytes(200_000);
  const repositories = Array.from({ length: 10 }, () => registry.repository());
  await Promise.all(repositories.map((repository) => client.pushBlob(repository, bytes)));
  for (const repository of repositories) {
    assert.deepEqual((await client.expect(200, 'GET', `/v2/${repository}/blobs/${digestOf(bytes)}`)).body, bytes);
  }
});

test('an image pushed ten times at once under one tag is accepted ten times', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository);
  const pushes = Array.from({ length: 10 }, () =>
    client.putManifest(repository, 'latest', image.manifest, mediaType.image),
  );
  for (const answer of await Promise.all(pushes)) assert.equal(answer.status, 201, answer.text);
  const got = await client.expect(200, 'GET', `/v2/${repository}/manifests/latest`);
  assert.equal(got.header('docker-content-digest'), image.descriptor.digest);
});

/** A body that comes slowly enough for another request to arrive in its middle. */
async function* slowly(bytes: Buffer): AsyncIterable<Buffer> {
  const step = Math.ceil(bytes.length / 20);
  for (let at = 0; at < bytes.length; at += step) {
    yield bytes.subarray(at, at + step);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('two writers at one session never mix their bytes', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const location = await client.startUpload(repository);
  const bodies = [someBytes(50_000), someBytes(50_000)];
  const answers = await Promise.all(bodies.map((body) => client.send('PATCH', location, octets, slowly(body))));
  const accepted = bodies.filter((_, index) => answers[index]?.status === 202);
  for (const answer of answers) {
    assert.ok([202, 400, 404, 409, 416, 423, 429].includes(answer.status), `${answer.status}: ${answer.text}`);
  }
  assert.ok(accepted.length > 0, 'one of them is accepted');
  const range = (await client.expect(204, 'GET', location)).header('range');
  assert.equal(range, `0-${accepted.reduce((sum, body) => sum + body.length, 0) - 1}`, 'whole bodies or nothing');
  const orders = accepted.length === 1 ? [accepted] : [accepted, accepted.toReversed()];
  const [first, second] = orders.map((order) => Buffer.concat(order));
  assert.ok(first);
  const closed = await client.finishUpload(location, digestOf(first));
  if (closed.status !== 201) {
    assert.ok(second, `${closed.status}: ${closed.text}`);
    assert.equal(closed.status, 400, 'the other order');
  }
});

test('chunks for the same place at once are accepted once', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const location = await client.startUpload(repository);
  const bytes = someBytes(10_000);
  const headers = { ...octets, 'content-range': '0-9999' };
  const answers = await Promise.all(Array.from({ length: 5 }, () => client.send('PATCH', location, headers, bytes)));
  assert.equal(
    answers.filter((answer) => answer.status === 202).length,
    1,
    answers.map((answer) => answer.status).join(),
  );
  const closed = await client.finishUpload(location, digestOf(bytes));
  assert.equal(closed.status, 201, closed.text);
});

test('a session closed by five at once gives one blob', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(10_000);
  const patched = await client.expect(202, 'PATCH', await client.startUpload(repository), octets, bytes);
  const location = client.locationOf(patched);
  const answers = await Promise.all(Array.from({ length: 5 }, () => client.finishUpload(location, digestOf(bytes))));
  assert.ok(answers.some((answer) => answer.status === 201));
  for (const { status, text } of answers)
    assert.ok([201, 404, 409, 416, 423, 429].includes(status), `${status}: ${text}`);
  assert.deepEqual((await client.expect(200, 'GET', `/v2/${repository}/blobs/${digestOf(bytes)}`)).body, bytes);
});
