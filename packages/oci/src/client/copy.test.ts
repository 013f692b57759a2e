import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from '#src/manifest';
import { ociImageIndex, ociLayerTarGzip } from '#src/media-types';
import { parseRepositoryName } from '#src/repository-name';
import { parseTagName } from '#src/tag';
import { createQuickClock } from '#src/testing/quick-clock';
import { indexOf, randomImage, randomIndex, randomReferrer, seededBytes, testContent } from '#src/testing/random-image';
import { type RegistryDouble, startRegistryDouble } from '#src/testing/registry-double';
import { copyImage } from './copy.ts';
import type { CopyEvent, CopyOptions } from './copy-run.ts';
import { ContentMismatchError, PlatformNotFoundError, RegistryResponseError } from './errors.ts';
import { createTransport } from './transport.ts';

const app = parseRepositoryName('team/app');
const mirror = parseRepositoryName('mirror/app');
const latest = parseTagName('latest');

async function copy(from: RegistryDouble, to: RegistryDouble, options: CopyOptions = {}) {
  const clock = createQuickClock();
  using source = createTransport({ registry: from.host, clock });
  using target = createTransport({ registry: to.host, clock });
  return await copyImage(
    { transport: source, repository: app, reference: latest },
    { transport: target, repository: mirror, reference: latest },
    options,
  );
}

function heldAt(double: RegistryDouble) {
  const { blobs, manifests, tags } = double.store.open(mirror);
  return { blobs: blobs.size, manifests: manifests.size, latest: tags.get(latest) };
}

test('an image is copied byte for byte, and a second copy sends nothing', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  const image = randomImage({ seed: 1, layers: 3 });
  from.put('team/app', image, 'latest');
  const { digest } = image.descriptor;
  const result = await copy(from, to);
  assert.equal(result.digest, digest);
  assert.equal(result.blobsUploaded, 4);
  assert.equal(
    result.bytesUploaded,
    image.blobs.reduce((sum, blob) => sum + blob.bytes.length, 0),
  );
  assert.deepEqual(heldAt(to), { blobs: 4, manifests: 1, latest: digest });
  assert.deepEqual(Buffer.from(to.store.open(mirror).manifests.get(digest)?.bytes ?? []), Buffer.from(image.bytes));
  const again = await copy(from, to);
  assert.deepEqual([again.manifestsPushed, again.blobsUploaded, again.bytesUploaded], [0, 0, 0]);
});

test('an index is copied with all its children, children first', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  const index = randomIndex({ seed: 1 });
  from.put('team/app', index, 'latest');
  const events: CopyEvent[] = [];
  const result = await copy(from, to, { onEvent: (event) => events.push(event), concurrency: 2 });
  assert.equal(result.manifestsPushed, 3);
  assert.deepEqual(heldAt(to), { blobs: 6, manifests: 3, latest: index.descriptor.digest });
  assert.deepEqual(events.at(-1), { kind: 'manifest-done', digest: index.descriptor.digest, how: 'pushed' });
  const sent = events.reduce((sum, event) => sum + (event.kind === 'blob-progress' ? event.bytes : 0), 0);
  assert.equal(sent, result.bytesUploaded);
});

test('an index that is there without its children is completed', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  const index = randomIndex({ seed: 1 });
  from.put('team/app', index, 'latest');
  to.store.putManifest(mirror, index.descriptor.digest, index.descriptor.mediaType, index.bytes, 'latest');
  await copy(from, to);
  assert.equal(heldAt(to).manifests, 3);
});

test('one platform of an index is copied as an image', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  const index = randomIndex({ seed: 1 });
  from.put('team/app', index, 'latest');
  const result = await copy(from, to, { platform: { os: 'linux', architecture: 'arm64' } });
  assert.equal(result.digest, index.images[1]?.descriptor.digest);
  assert.deepEqual(heldAt(to), { blobs: 3, manifests: 1, latest: result.digest });
  await assert.rejects(copy(from, to, { platform: { os: 'windows', architecture: 'amd64' } }), PlatformNotFoundError);
});

test('children can be left out where the target takes sparse indexes', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  const index = randomIndex({ seed: 1 });
  from.put('team/app', index, 'latest');
  const keepsChild = (child: { platform?: { architecture?: string } }) => child.platform?.architecture === 'amd64';
  await assert.rejects(
    copy(from, to, { keepsChild }),
    (error) => error instanceof RegistryResponseError && error.codes.includes('MANIFEST_BLOB_UNKNOWN'),
  );
  assert.deepEqual(heldAt(to), { blobs: 3, manifests: 1, latest: undefined });
});

test('within one registry blobs are mounted', async () => {
  await using double = await startRegistryDouble();
  const image = randomImage({ seed: 1 });
  double.put('team/app', image, 'latest');
  const result = await copy(double, double);
  assert.equal(result.bytesUploaded, 0);
  assert.deepEqual(heldAt(double), { blobs: 3, manifests: 1, latest: image.descriptor.digest });
});

test('referrers come along, and theirs too', async () => {
  for (const referrersApi of [true, false]) {
    await using from = await startRegistryDouble();
    await using to = await startRegistryDouble({ referrersApi });
    const index = randomIndex({ seed: 1 });
    from.put('team/app', index, 'latest');
    const child = index.images[0]?.descriptor ?? index.descriptor;
    const sbom = randomReferrer('sbom', child, 'application/vnd.example.sbom');
    const signature = randomReferrer('signature', sbom.descriptor, 'application/vnd.example.signature');
    from.put('team/app', sbom);
    from.put('team/app', signature);
    await copy(from, to);
    assert.equal(heldAt(to).manifests, 3);
    await copy(from, to, { referrers: true });
    const held = to.store.open(mirror);
    assert.ok(held.manifests.has(sbom.descriptor.digest));
    assert.ok(held.manifests.has(signature.descriptor.digest));
    assert.equal(held.tags.size, referrersApi ? 1 : 3);
  }
});

test('shared layers and children travel once', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  const one = randomImage({ seed: 1 });
  const nested = indexOf([one, one]);
  from.put('team/app', nested);
  const outer = testContent(
    ociImageIndex,
    Buffer.from(
      JSON.stringify({ schemaVersion: 2, manifests: [nested.descriptor, one.descriptor, nested.descriptor] }),
    ),
  );
  from.store.putManifest(app, outer.descriptor.digest, ociImageIndex, outer.bytes, 'latest');
  const result = await copy(from, to);
  assert.equal(result.blobsUploaded, 3);
  assert.equal(result.manifestsPushed, 3);
});

test('layers that live elsewhere stay there', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  const image = randomImage({ seed: 1 });
  const document = JSON.parse(Buffer.from(image.bytes).toString());
  const foreign = {
    ...image.layers[0]?.descriptor,
    digest: `sha256:${'0'.repeat(64)}`,
    urls: ['https://example.com/l'],
  };
  document.layers.push(foreign);
  const content = testContent(image.descriptor.mediaType, Buffer.from(JSON.stringify(document)));
  from.put('team/app', image);
  from.store.putManifest(app, content.descriptor.digest, image.descriptor.mediaType, content.bytes, 'latest');
  assert.equal((await copy(from, to)).blobsUploaded, 3);
});

test('a build cache whose index lists plain blobs is copied', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  const layer = testContent(ociLayerTarGzip, seededBytes('cache', 1000));
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: ociImageIndex, manifests: [layer.descriptor] }),
  );
  const index = testContent(ociImageIndex, bytes);
  from.store.putBlob(app, layer.descriptor.digest, layer.bytes);
  from.store.putManifest(app, index.descriptor.digest, ociImageIndex, bytes, 'latest');
  assert.equal((await copy(from, to)).blobsUploaded, 1);
  assert.ok(parseManifest(bytes, undefined).manifests.length === 1);
});

test('a copy goes on over a source and a target that break off', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  from.put('team/app', randomImage({ seed: 1, layers: 1, layerSize: 1 << 20 }), 'latest');
  from.fail(
    { kind: 'cut-answer', after: 200_000 },
    ({ target, method }) => method === 'GET' && target.includes('blobs'),
    2,
  );
  to.fail({ kind: 'cut-request', after: 300_000 }, ({ method }) => method === 'PATCH', 2);
  await copy(from, to, { chunkSize: 600_000 });
  assert.equal(heldAt(to).manifests, 1);
});

test('a source that sends wrong bytes leaves nothing behind under the tag', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  from.put('team/app', randomImage({ seed: 1, layers: 4 }), 'latest');
  from.fail({ kind: 'corrupt' }, ({ target, method }) => method === 'GET' && target.includes('blobs'));
  await assert.rejects(copy(from, to), ContentMismatchError);
  assert.equal(heldAt(to).manifests, 0);
  assert.equal(to.store.open(mirror).uploads.size, 0);
});

test('a copy ends with the reason of its signal', async () => {
  await using from = await startRegistryDouble();
  await using to = await startRegistryDouble();
  from.put('team/app', randomImage({ seed: 1 }), 'latest');
  const abort = new AbortController();
  const reason = new Error('enough');
  const onEvent = (event: CopyEvent) => {
    if (event.kind === 'blob-started') {
      abort.abort(reason);
    }
  };
  await assert.rejects(copy(from, to, { signal: abort.signal, onEvent }), reason);
});
