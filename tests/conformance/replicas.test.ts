import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { digestOf, mediaType, someBytes } from '#support/content';
import { startFakeS3 } from '#support/fake-s3';
import { startPostgres } from '#support/postgres';
import type { RegistryClient } from '#support/registry-client';
import { ServerProcess } from '#support/server-process';
import { missingStack, replicaEnvironment } from '#support/stack';

const skip = (await missingStack('postgres-s3')) ?? false;
const octets = { 'content-type': mediaType.bytes };
const stack = new AsyncDisposableStack();
let servers: ServerProcess[] = [];
let one: RegistryClient;
let two: RegistryClient;

before(async () => {
  if (skip !== false) return;
  const [postgres, s3] = [stack.use(await startPostgres()), stack.use(await startFakeS3())];
  const env = { ...(await replicaEnvironment(postgres)), ...s3.env };
  // Both at once: migrations run under a lock.
  servers = await Promise.all([0, 1].map(async () => stack.use(await ServerProcess.start({ env }))));
  const [first, second] = servers;
  assert.ok(first && second);
  [one, two] = [stack.use(first.client()), stack.use(second.client())];
});

after(() => stack.disposeAsync());

let made = 0;
function aRepository(): string {
  return `library/replicas-${++made}`;
}

test('an upload begun at one replica goes on at another and ends at the first', { skip }, async () => {
  const repository = aRepository();
  const bytes = someBytes(7_000_000);
  const location = await one.startUpload(repository);
  const chunk = (client: RegistryClient, at: number, end: number) =>
    client.expect(202, 'PATCH', location, { ...octets, 'content-range': `${at}-${end - 1}` }, bytes.subarray(at, end));
  await chunk(two, 0, 6_000_000);
  const status = await one.expect(204, 'GET', location);
  assert.equal(status.header('range'), '0-5999999');
  await chunk(one, 6_000_000, 6_500_000);
  const headers = { ...octets, 'content-range': '6500000-6999999' };
  const closed = await two.finishUpload(location, digestOf(bytes), bytes.subarray(6_500_000), headers);
  assert.equal(closed.status, 201, closed.text);
  for (const client of [one, two]) {
    assert.deepEqual((await client.expect(200, 'GET', `/v2/${repository}/blobs/${digestOf(bytes)}`)).body, bytes);
  }
});

test('what one replica accepts, moves and deletes another knows at once', { skip }, async () => {
  const repository = aRepository();
  const [first, second] = [await one.pushImage(repository, 'latest'), await one.pushImage(repository)];
  const path = `/v2/${repository}/manifests/latest`;
  for (const image of [second, first, second]) {
    assert.equal((await two.expect(200, 'GET', path)).status, 200);
    await one.pushManifest(repository, 'latest', image.manifest);
    assert.equal((await two.expect(200, 'GET', path)).text, image.manifest);
    assert.equal((await two.expect(200, 'HEAD', path)).header('docker-content-digest'), image.descriptor.digest);
  }
  const byDigest = `/v2/${repository}/manifests/${second.descriptor.digest}`;
  await two.expect(200, 'GET', byDigest);
  await one.expect(202, 'DELETE', byDigest);
  for (const gone of [byDigest, path]) for (const method of ['GET', 'HEAD']) await two.expect(404, method, gone);
});

test('a blob deleted at one replica is gone at another, even when that one has just served it', { skip }, async () => {
  const repository = aRepository();
  const digest = await one.pushBlob(repository, someBytes(1_000));
  const path = `/v2/${repository}/blobs/${digest}`;
  await two.expect(200, 'GET', path);
  await one.expect(202, 'DELETE', path);
  await two.expect(404, 'GET', path);
});

test('a token of one replica opens another', { skip }, async () => {
  const repository = aRepository();
  await one.pushImage(repository, 'latest');
  const answer = await one.expect(200, 'GET', `/service/token?service=entrepot&scope=repository:${repository}:pull`);
  const { token } = answer.json() as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  await two.expect(200, 'GET', `/v2/${repository}/manifests/latest`, headers);
});

test('one blob pushed at once through both replicas is accepted by both', { skip }, async () => {
  const bytes = someBytes(500_000);
  const [here, there] = [aRepository(), aRepository()];
  await Promise.all([one, two, one, two].map((client, index) => client.pushBlob(index < 2 ? here : there, bytes)));
  for (const repository of [here, there]) {
    assert.deepEqual((await one.expect(200, 'GET', `/v2/${repository}/blobs/${digestOf(bytes)}`)).body, bytes);
  }
});

test('one tag moved at once through both replicas points at one of the two, seen alike from both', {
  skip,
}, async () => {
  const repository = aRepository();
  const images = await Promise.all(Array.from({ length: 8 }, () => one.pushImage(repository)));
  await Promise.all(
    images.map((image, index) => (index % 2 === 0 ? one : two).pushManifest(repository, 'race', image.manifest)),
  );
  const path = `/v2/${repository}/manifests/race`;
  const [seen, alike] = [await one.expect(200, 'GET', path), await two.expect(200, 'GET', path)];
  assert.equal(seen.text, alike.text);
  assert.ok(images.some(({ manifest }) => manifest === seen.text));
});

test('when a replica dies in the middle of a chunk, the other goes on with the upload', { skip }, async () => {
  const [first] = servers;
  assert.ok(first);
  const repository = aRepository();
  const bytes = someBytes(400_000);
  const location = await one.startUpload(repository);
  await one.expect(202, 'PATCH', location, { ...octets, 'content-range': '0-99999' }, bytes.subarray(0, 100_000));
  async function* untilKilled(): AsyncIterable<Buffer> {
    yield bytes.subarray(100_000, 200_000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await first?.kill();
    yield bytes.subarray(200_000);
  }
  await assert.rejects(one.send('PATCH', location, { ...octets, 'content-range': '100000-399999' }, untilKilled()));

  // The dead replica may hold the upload for as long as a lease lasts.
  let at = 0;
  for (let attempt = 0; attempt < 120; attempt++) {
    const status = await two.expect(204, 'GET', location);
    at = Number(status.header('range')?.slice(2)) + 1;
    const headers = { ...octets, 'content-range': `${at}-399999` };
    const answer = await two.send('PATCH', location, headers, bytes.subarray(at));
    if (answer.status === 202) break;
    assert.ok([409, 416, 423, 429, 503].includes(answer.status), `${answer.status}: ${answer.text}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.ok(at >= 100_000, 'what was acknowledged is kept');
  const closed = await two.finishUpload(location, digestOf(bytes));
  assert.equal(closed.status, 201, closed.text);
  await first.start();
});
