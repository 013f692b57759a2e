import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  describe as describeBytes,
  type Descriptor,
  imageIndex,
  imageManifest,
  mediaType,
  someBytes,
} from '#support/content';
import { assertError, type PushedImage } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

interface Setting {
  readonly repository: string;
  readonly image: PushedImage;
}

async function aSetting(): Promise<Setting> {
  const repository = registry.repository();
  return { repository, image: await registry.client.pushImage(repository, 'image') };
}

async function assertKept(repository: string, manifest: string, type: string): Promise<void> {
  const { client } = registry;
  const answer = await client.putManifest(repository, 'kept', manifest, type);
  assert.equal(answer.status, 201, answer.text);
  const got = await client.expect(200, 'GET', `/v2/${repository}/manifests/kept`);
  assert.equal(got.text, manifest);
  assert.equal(got.header('content-type'), type);
}

const kinds: readonly { readonly name: string; readonly type?: string; readonly make: (setting: Setting) => string }[] =
  [
    { name: 'an image without layers', make: ({ image }) => imageManifest(image.config, []) },
    {
      name: 'an image that names one layer twice',
      make: ({ image }) => imageManifest(image.config, [...image.layers, ...image.layers]),
    },
    {
      name: 'an image with fields nobody knows',
      make: ({ image }) =>
        imageManifest(image.config, image.layers, { 'org.example': { deep: [1, null, 'x'] }, extra: true }),
    },
    {
      name: 'an artifact with a type of its own',
      make: ({ image }) =>
        imageManifest(image.config, image.layers, { artifactType: 'application/vnd.example.thing+type' }),
    },
    {
      name: 'an image with a config of an unknown type',
      make: ({ image }) =>
        imageManifest({ ...image.config, mediaType: 'application/vnd.example.config.v7+json' }, image.layers),
    },
    {
      name: 'an image with layers of an unknown type',
      make: ({ image }) =>
        imageManifest(
          image.config,
          image.layers.map((layer) => ({ ...layer, mediaType: 'application/x-unheard-of' })),
        ),
    },
    { name: 'an index without manifests', type: mediaType.index, make: () => imageIndex([]) },
    { name: 'an index of one image', type: mediaType.index, make: ({ image }) => imageIndex([image.descriptor]) },
    {
      name: 'an index that names one image twice',
      type: mediaType.index,
      make: ({ image }) =>
        imageIndex([image.descriptor, { ...image.descriptor, platform: { os: 'linux', architecture: 'arm64' } }]),
    },
    {
      name: 'an index with a type of its own',
      type: mediaType.index,
      make: ({ image }) =>
        imageIndex([image.descriptor], { artifactType: 'application/vnd.example.set', annotations: { a: 'b' } }),
    },
    {
      name: "Docker's image manifest",
      type: mediaType.dockerImage,
      make: ({ image }) =>
        imageManifest(
          { ...image.config, mediaType: mediaType.dockerConfig },
          image.layers.map((layer) => ({ ...layer, mediaType: mediaType.dockerLayer })),
          { mediaType: mediaType.dockerImage },
        ),
    },
    {
      name: "Docker's manifest list",
      type: mediaType.dockerList,
      make: ({ image }) =>
        imageIndex([{ ...image.descriptor, platform: { os: 'linux', architecture: 'amd64' } }], {
          mediaType: mediaType.dockerList,
        }),
    },
  ];

for (const { name, type = mediaType.image, make } of kinds) {
  test(`${name} is kept as it came`, async () => {
    const setting = await aSetting();
    await assertKept(setting.repository, make(setting), type);
  });
}

test('an index of an index is kept as it came', async () => {
  const { repository, image } = await aSetting();
  const inner = imageIndex([image.descriptor]);
  const descriptor = await registry.client.pushManifest(repository, undefined, inner, mediaType.index);
  await assertKept(repository, imageIndex([descriptor]), mediaType.index);
});

test('an image with the empty JSON object as config, with or without its data, is kept as it came', async () => {
  const { repository, image } = await aSetting();
  await registry.client.pushBlob(repository, '{}');
  const more = { artifactType: 'application/vnd.example.x' };
  for (const data of [{}, { data: 'e30=' }]) {
    const config = { ...describeBytes(mediaType.empty, '{}'), ...data };
    await assertKept(repository, imageManifest(config, image.layers, more), mediaType.image);
  }
});

test('layers that must not be distributed need not be pushed', async () => {
  const { repository, image } = await aSetting();
  const foreign = (type: string): Descriptor => ({
    ...describeBytes(type, someBytes(100)),
    urls: ['https://example.com/layer'],
  });
  const layers = [
    ...image.layers,
    foreign('application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'),
    foreign('application/vnd.oci.image.layer.nondistributable.v1.tar'),
  ];
  await assertKept(repository, imageManifest(image.config, layers), mediaType.image);
});

test('layers that Docker calls foreign need not be pushed', async () => {
  const { repository, image } = await aSetting();
  const layer = {
    ...describeBytes('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', someBytes(100)),
    urls: ['https://example.com/layer'],
  };
  const manifest = imageManifest({ ...image.config, mediaType: mediaType.dockerConfig }, [layer], {
    mediaType: mediaType.dockerImage,
  });
  await assertKept(repository, manifest, mediaType.dockerImage);
});

test('a tag moves from an image to an index and back', async () => {
  const { client } = registry;
  const { repository, image } = await aSetting();
  const index = imageIndex([image.descriptor]);
  for (const [manifest, type] of [
    [image.manifest, mediaType.image],
    [index, mediaType.index],
    [image.manifest, mediaType.image],
  ] as const) {
    await client.pushManifest(repository, 'moves', manifest, type);
    const got = await client.expect(200, 'GET', `/v2/${repository}/manifests/moves`);
    assert.equal(got.text, manifest);
    assert.equal(got.header('content-type'), type);
  }
});

test('a manifest with the fields of an image and of an index is refused', async () => {
  const { client } = registry;
  const { repository, image } = await aSetting();
  for (const [base, type] of [
    [imageManifest(image.config, image.layers, { manifests: [image.descriptor] }), mediaType.image],
    [imageIndex([image.descriptor], { layers: image.layers }), mediaType.index],
    [imageIndex([image.descriptor], { config: image.config, layers: image.layers }), mediaType.index],
  ] as const) {
    assertError(await client.putManifest(repository, 'chimera', base, type), 400, 'MANIFEST_INVALID');
  }
  await client.expect(404, 'HEAD', `/v2/${repository}/manifests/chimera`);
});

test("Docker's schema 1 is refused with a clear error", async () => {
  const { client } = registry;
  const { repository } = await aSetting();
  const schema1 = JSON.stringify({
    schemaVersion: 1,
    name: repository,
    tag: 'old',
    architecture: 'amd64',
    fsLayers: [],
    history: [],
    signatures: [],
  });
  for (const type of [
    'application/vnd.docker.distribution.manifest.v1+prettyjws',
    'application/vnd.docker.distribution.manifest.v1+json',
    'application/json',
  ]) {
    assertError(
      await client.putManifest(repository, 'old', schema1, type),
      [400, 415],
      'MANIFEST_INVALID',
      'UNSUPPORTED',
    );
  }
});
