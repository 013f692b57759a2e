import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from '#src/manifest';
import { referrersFallbackTag } from '#src/referrers';
import { parseRepositoryName } from '#src/repository-name';
import { createQuickClock } from '#src/testing/quick-clock';
import { randomImage, randomReferrer, type TestImage } from '#src/testing/random-image';
import { type RegistryDouble, startRegistryDouble } from '#src/testing/registry-double';
import { RegistryResponseError } from './errors.ts';
import { listReferrers, pushReferrer } from './referrers.ts';
import { createTransport, type Transport } from './transport.ts';

const app = parseRepositoryName('team/app');
const image = randomImage({ seed: 'subject' });
const subject = image.descriptor.digest;
const sbom = randomReferrer('sbom', image.descriptor, 'application/vnd.example.sbom');
const signature = randomReferrer('signature', image.descriptor, 'application/vnd.example.signature');

function connect(double: RegistryDouble) {
  return createTransport({ registry: double.host, clock: createQuickClock() });
}

async function push(double: RegistryDouble, transport: Transport, referrer: TestImage) {
  for (const blob of referrer.blobs) {
    double.store.putBlob(app, blob.descriptor.digest, blob.bytes);
  }
  const manifest = parseManifest(referrer.bytes, referrer.descriptor.mediaType);
  await pushReferrer(transport, app, referrer.descriptor.digest, { bytes: referrer.bytes, manifest });
}

for (const referrersApi of [true, false]) {
  test(`referrers are pushed, listed and filtered ${referrersApi ? 'by the API' : 'by the fallback tag'}`, async () => {
    await using double = await startRegistryDouble({ referrersApi, pageSize: 1 });
    using transport = connect(double);
    assert.deepEqual(await listReferrers(transport, app, subject), []);
    await push(double, transport, sbom);
    await push(double, transport, signature);
    await push(double, transport, sbom);
    const listed = await listReferrers(transport, app, subject);
    assert.deepEqual(
      listed.map(({ digest }) => digest).toSorted(),
      [sbom.descriptor.digest, signature.descriptor.digest].toSorted(),
    );
    assert.deepEqual(listed.find(({ digest }) => digest === sbom.descriptor.digest)?.annotations, {
      'org.example.seed': 'sbom',
    });
    const artifactType = 'application/vnd.example.signature';
    const [only, second] = await listReferrers(transport, app, subject, { artifactType });
    assert.equal(only?.digest, signature.descriptor.digest);
    assert.equal(only?.artifactType, artifactType);
    assert.equal(second, undefined);
    assert.equal(double.store.open(app).tags.has(referrersFallbackTag(subject)), !referrersApi);
  });
}

test('a registry that does not filter is filtered here', async () => {
  await using double = await startRegistryDouble();
  using transport = connect(double);
  await push(double, transport, sbom);
  const body = JSON.stringify({ schemaVersion: 2, manifests: [{ ...sbom.descriptor, artifactType: 'a/b' }] });
  double.fail({ kind: 'answer', status: 200, body }, ({ target }) => target.includes('referrers'));
  assert.deepEqual(await listReferrers(transport, app, subject, { artifactType: 'c/d' }), []);
});

test('trouble is not mistaken for an empty list', async () => {
  await using double = await startRegistryDouble();
  using transport = connect(double);
  double.fail({ kind: 'answer', status: 403 }, () => true);
  await assert.rejects(
    listReferrers(transport, app, subject),
    (error) => error instanceof RegistryResponseError && error.status === 403,
  );
});
