import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDigest } from '#src/digest';
import { parseRepositoryName } from '#src/repository-name';
import { parseTagName } from '#src/tag';
import { createQuickClock } from '#src/testing/quick-clock';
import { randomImage, randomReferrer } from '#src/testing/random-image';
import { type RegistryDouble, startRegistryDouble } from '#src/testing/registry-double';
import { ContentMismatchError, RegistryResponseError } from './errors.ts';
import { findManifest } from './pull.ts';
import { deleteManifest, pushManifest } from './push.ts';
import { createTransport } from './transport.ts';

const app = parseRepositoryName('team/app');
const latest = parseTagName('latest');
const image = randomImage({ seed: 'push' });
const { digest, mediaType } = image.descriptor;
const manifest = { bytes: image.bytes, mediaType };

async function start() {
  const double = await startRegistryDouble();
  for (const blob of image.blobs) {
    double.store.putBlob(app, blob.descriptor.digest, blob.bytes);
  }
  return double;
}

function connect(double: RegistryDouble) {
  return createTransport({ registry: double.host, clock: createQuickClock() });
}

test('a manifest is pushed under a tag, under its digest, and under many tags at once', async () => {
  await using double = await start();
  using transport = connect(double);
  assert.deepEqual(await pushManifest(transport, app, latest, manifest), { digest, tags: [] });
  assert.deepEqual(await pushManifest(transport, app, digest, manifest), { digest, tags: [] });
  const tags = [parseTagName('v1'), parseTagName('v1.2')];
  assert.deepEqual(await pushManifest(transport, app, digest, manifest, { tags }), { digest, tags });
  assert.equal((await findManifest(transport, app, parseTagName('v1.2')))?.digest, digest);
});

test('a push survives a registry in trouble', async () => {
  await using double = await start();
  using transport = connect(double);
  double.fail({ kind: 'answer', status: 503 }, () => true);
  double.fail({ kind: 'reset' }, () => true);
  assert.equal((await pushManifest(transport, app, latest, manifest)).digest, digest);
});

test('a manifest that names what is missing is refused with the code of the registry', async () => {
  await using double = await startRegistryDouble();
  using transport = connect(double);
  await assert.rejects(
    pushManifest(transport, app, latest, manifest),
    (error) => error instanceof RegistryResponseError && error.codes.includes('MANIFEST_BLOB_UNKNOWN'),
  );
});

test('a digest that the bytes do not have is not sent, and one the registry makes up is not believed', async () => {
  await using double = await start();
  using transport = connect(double);
  const wrong = parseDigest(`sha256:${'0'.repeat(64)}`);
  await assert.rejects(pushManifest(transport, app, wrong, manifest), ContentMismatchError);
  assert.equal(double.requests.length, 0);
  double.fail({ kind: 'answer', status: 201, headers: { 'docker-content-digest': wrong } }, () => true);
  await assert.rejects(pushManifest(transport, app, latest, manifest), ContentMismatchError);
});

test('the subject a registry took note of is reported', async () => {
  await using double = await start();
  using transport = connect(double);
  const referrer = randomReferrer(1, image.descriptor, 'application/vnd.example');
  for (const blob of referrer.blobs) {
    double.store.putBlob(app, blob.descriptor.digest, blob.bytes);
  }
  const content = { bytes: referrer.bytes, mediaType };
  const pushed = await pushManifest(transport, app, referrer.descriptor.digest, content);
  assert.equal(pushed.subject, digest);
});

test('a tag is deleted alone, a digest with all its tags', async () => {
  await using double = await start();
  using transport = connect(double);
  const tags = [latest, parseTagName('v1')];
  await pushManifest(transport, app, digest, manifest, { tags });
  assert.equal(await deleteManifest(transport, app, latest), true);
  assert.equal(await deleteManifest(transport, app, latest), false);
  assert.ok(await findManifest(transport, app, digest));
  assert.equal(await deleteManifest(transport, app, digest), true);
  assert.equal(await findManifest(transport, app, parseTagName('v1')), undefined);
});
