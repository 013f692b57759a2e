import { before, test } from 'node:test';
import { type Descriptor, digestOf, imageIndex, imageManifest, mediaType } from '#support/content';
import { assertError } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();
let repository = '';
let config: Descriptor;
let layers: readonly Descriptor[];
let image: Descriptor;

before(async () => {
  repository = registry.repository();
  ({ config, layers, descriptor: image } = await registry.client.pushImage(repository));
});

function good(more: object = {}): string {
  return imageManifest(config, layers, more);
}

function layer(change: object): string {
  return imageManifest(config, [{ ...config, ...layers[0], ...change }]);
}

const faults: readonly { readonly name: string; readonly type?: string; readonly make: () => string | Uint8Array }[] = [
  { name: 'nothing', make: () => '' },
  { name: 'what is no JSON', make: () => 'not json' },
  { name: 'half of a manifest', make: () => good().slice(0, 100) },
  { name: 'bytes after the manifest', make: () => `${good()}{}` },
  { name: 'a byte order mark before the manifest', make: () => `\uFEFF${good()}` },
  {
    name: 'text that is no UTF-8',
    make: () => Buffer.concat([Buffer.from(good().slice(0, -1)), Buffer.from(',"x":"\xff\xfe"}', 'latin1')]),
  },
  { name: 'a field that stands there twice', make: () => good().replace('{', '{"config":{},') },
  { name: 'a comment', make: () => good().replace('{', '{/* hello */') },
  { name: 'NaN', make: () => good().replace('{', '{"x":NaN,') },
  { name: 'null', make: () => 'null' },
  { name: 'a list', make: () => `[${good()}]` },
  { name: 'a string', make: () => JSON.stringify(good()) },
  { name: 'no schemaVersion', make: () => good({ schemaVersion: undefined }) },
  { name: 'a schemaVersion of another kind', make: () => good({ schemaVersion: '2' }) },
  { name: 'a schemaVersion to come', make: () => good({ schemaVersion: 3 }) },
  { name: 'no config', make: () => good({ config: undefined }) },
  { name: 'a config that is no descriptor', make: () => good({ config: 'x' }) },
  { name: 'layers that are no list', make: () => good({ layers: {} }) },
  { name: 'a layer that is no descriptor', make: () => good({ layers: [7] }) },
  { name: 'a layer without a digest', make: () => layer({ digest: undefined }) },
  { name: 'a layer with a malformed digest', make: () => layer({ digest: 'sha256:abc' }) },
  { name: 'a layer with a path for a digest', make: () => layer({ digest: 'sha256:../../../../etc/passwd' }) },
  { name: 'a layer without a size', make: () => layer({ size: undefined }) },
  { name: 'a layer of a negative size', make: () => layer({ size: -1 }) },
  { name: 'a layer of a broken size', make: () => layer({ size: 1.5 }) },
  { name: 'a layer of the size 10^400', make: () => layer({ size: 0 }).replace('"size":0', '"size":1e400') },
  { name: 'a layer whose size is not that of the blob', make: () => layer({ size: 1_000_001 }) },
  { name: 'annotations that are no text', make: () => good({ annotations: { a: 1 } }) },
  { name: 'annotations that are a list', make: () => good({ annotations: ['a'] }) },
  { name: 'a subject that is no descriptor', make: () => good({ subject: 'sha256:x' }) },
  { name: 'a mediaType that is no text', make: () => good({ mediaType: 7 }) },
  { name: 'an index without a list', type: mediaType.index, make: () => imageIndex([], { manifests: undefined }) },
  {
    name: 'an index of what are no descriptors',
    type: mediaType.index,
    make: () => imageIndex([], { manifests: [null] }),
  },
  {
    name: 'brackets a hundred thousand deep',
    make: () => good().replace('{', `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)},`),
  },
];

for (const { name, type = mediaType.image, make } of faults) {
  test(`a manifest with ${name} is refused`, async () => {
    const { client } = registry;
    const answer = await client.putManifest(repository, 'invalid', make(), type);
    assertError(answer, 400, 'MANIFEST_INVALID', 'SIZE_INVALID', 'DIGEST_INVALID');
    await client.expect(404, 'HEAD', `/v2/${repository}/manifests/invalid`);
  });
}

test('a manifest pushed under a digest it does not have is refused', async () => {
  const { client } = registry;
  const text = good();
  for (const wrong of [digestOf(`${text} `), digestOf(`${text} `, 'sha512')]) {
    assertError(await client.putManifest(repository, wrong, text, mediaType.image), 400, 'DIGEST_INVALID');
    await client.expect(404, 'HEAD', `/v2/${repository}/manifests/${wrong}`);
  }
});

for (const reference of [
  'sha256:baddigeststring',
  'sha256:',
  'md5:d41d8cd98f00b204e9800998ecf8427e',
  'a:b',
  `sha256:${'A'.repeat(64)}`,
]) {
  test(`a manifest is neither pushed nor read under «${reference}»`, async () => {
    const { client } = registry;
    const path = `/v2/${repository}/manifests/${reference}`;
    assertError(
      await client.putManifest(repository, reference, good(), mediaType.image),
      400,
      'DIGEST_INVALID',
      'UNSUPPORTED',
    );
    for (const method of ['GET', 'DELETE']) {
      assertError(await client.send(method, path), [400, 404], 'DIGEST_INVALID', 'MANIFEST_UNKNOWN', 'UNSUPPORTED');
    }
    await client.expect([400, 404], 'HEAD', path);
  });
}

test('an image that was refused leaves what is under its tag', async () => {
  const { client } = registry;
  await client.pushManifest(repository, 'stays', good());
  assertError(await client.putManifest(repository, 'stays', 'not json', mediaType.image), 400, 'MANIFEST_INVALID');
  const answer = await client.expect(200, 'GET', `/v2/${repository}/manifests/stays`);
  if (answer.header('docker-content-digest') !== image.digest) throw new Error('the tag has moved');
});
