import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManifestError } from '#src/manifest-error';
import { parseRepositoryName } from '#src/repository-name';
import { parseTagName } from '#src/tag';
import { createQuickClock } from '#src/testing/quick-clock';
import { randomImage, randomIndex } from '#src/testing/random-image';
import { type RegistryDouble, startRegistryDouble } from '#src/testing/registry-double';
import { digestOf } from './content-hash.ts';
import { ContentMismatchError, RegistryProtocolError, RegistryResponseError } from './errors.ts';
import { findManifest, pullManifest } from './pull.ts';
import { createTransport } from './transport.ts';

const app = parseRepositoryName('team/app');
const latest = parseTagName('latest');
const image = randomImage({ seed: 'pull' });

function connect(double: RegistryDouble) {
  return createTransport({ registry: double.host, clock: createQuickClock() });
}

test('images and indexes are pulled by tag and by digest of either algorithm', async () => {
  await using double = await startRegistryDouble();
  using transport = connect(double);
  for (const content of [
    image,
    randomIndex({ seed: 2 }),
    randomImage({ seed: 3, docker: true }),
    randomIndex({ seed: 4, docker: true }),
    randomImage({ seed: 5, algorithm: 'sha512' }),
  ]) {
    double.put('team/app', content, 'latest');
    for (const reference of [latest, content.descriptor.digest]) {
      const pulled = await pullManifest(transport, app, reference);
      assert.equal(pulled.digest, content.descriptor.digest);
      assert.equal(pulled.mediaType, content.descriptor.mediaType);
      assert.deepEqual(Buffer.from(pulled.bytes), Buffer.from(content.bytes));
      assert.deepEqual(await findManifest(transport, app, reference), {
        digest: content.descriptor.digest,
        mediaType: content.descriptor.mediaType,
        size: content.bytes.length,
      });
    }
  }
});

test('a manifest that is not there is a 404, or undefined when only asked for', async () => {
  await using double = await startRegistryDouble();
  using transport = connect(double);
  assert.equal(await findManifest(transport, app, latest), undefined);
  await assert.rejects(
    pullManifest(transport, app, latest),
    (error) =>
      error instanceof RegistryResponseError && error.status === 404 && error.codes.includes('MANIFEST_UNKNOWN'),
  );
});

test('bytes that do not have the digest are refused, by digest and by tag', async () => {
  await using double = await startRegistryDouble();
  double.put('team/app', image, 'latest');
  using transport = connect(double);
  for (const reference of [image.descriptor.digest, latest]) {
    double.fail({ kind: 'corrupt' }, () => true);
    await assert.rejects(pullManifest(transport, app, reference), ContentMismatchError);
  }
});

test('where the registry does not tell the digest, it is computed', async () => {
  await using double = await startRegistryDouble({ digestHeader: false });
  double.put('team/app', image, 'latest');
  using transport = connect(double);
  assert.equal((await pullManifest(transport, app, latest)).digest, digestOf(image.bytes));
  assert.equal((await findManifest(transport, app, latest))?.digest, digestOf(image.bytes));
});

test('a manifest beyond the limit is not read on', async () => {
  await using double = await startRegistryDouble();
  double.put('team/app', image, 'latest');
  using transport = connect(double);
  await assert.rejects(pullManifest(transport, app, latest, { largestManifest: 100 }), RegistryProtocolError);
});

test('a Content-Type that names no manifest type gives way to the body', async () => {
  await using double = await startRegistryDouble();
  using transport = connect(double);
  const body = Buffer.from(image.bytes).toString();
  double.fail({ kind: 'answer', status: 200, headers: { 'content-type': 'text/plain' }, body }, () => true);
  assert.equal((await pullManifest(transport, app, latest)).mediaType, image.descriptor.mediaType);
  double.fail({ kind: 'answer', status: 200, body: '<html>' }, () => true);
  await assert.rejects(pullManifest(transport, app, latest), ManifestError);
});
