import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type Descriptor, digestOf, imageManifest, mediaType } from '#support/content';
import { assertError } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();
let repository = '';
let config: Descriptor;
let layers: readonly Descriptor[];

before(async () => {
  repository = registry.repository();
  ({ config, layers } = await registry.client.pushImage(repository));
});

function manifestWith(annotation: string, more: object = {}): string {
  return imageManifest(config, layers, { annotations: { 'org.example.case': annotation }, ...more });
}

const shapes: readonly { readonly name: string; make(): string }[] = [
  { name: 'as compact as can be', make: () => manifestWith('compact') },
  { name: 'indented', make: () => JSON.stringify(JSON.parse(manifestWith('indented')), null, 3) },
  { name: 'with a last line end', make: () => `${manifestWith('newline')}\n` },
  { name: 'with white space around it', make: () => ` \t\r\n${manifestWith('space')} \r\n\t ` },
  {
    name: 'with escapes that need not be',
    make: () => manifestWith('escape').replace('escape', '\\u0065\\u0073cape\\/'),
  },
  { name: 'with text beyond ASCII', make: () => manifestWith('übergroß 🚢 日本') },
  { name: 'with its keys in another order', make: () => reversed(manifestWith('order')) },
  {
    name: 'with numbers beyond 2^53 in fields of its own',
    make: () => manifestWith('big').replace('{', '{"x":12345678901234567890,'),
  },
  { name: 'with a number written 1.0e2', make: () => manifestWith('exponent').replace('{', '{"x":1.0e2,') },
];

function reversed(text: string): string {
  return JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).toReversed()));
}

for (const [index, shape] of shapes.entries()) {
  test(`a manifest ${shape.name} comes back byte for byte`, async () => {
    const { client } = registry;
    const text = shape.make();
    const tag = `shape-${index}`;
    const answer = await client.putManifest(repository, tag, text, mediaType.image);
    assert.equal(answer.status, 201, answer.text);
    const digest = digestOf(text);
    assert.equal(answer.header('docker-content-digest'), digest);
    for (const path of [
      `/v2/${repository}/manifests/${tag}`,
      `/v2/${repository}/manifests/${digest}`,
      client.locationOf(answer),
    ]) {
      const got = await client.expect(200, 'GET', path);
      assert.deepEqual(got.body, Buffer.from(text));
      assert.equal(got.header('content-type'), mediaType.image);
      assert.equal(got.header('content-length'), String(Buffer.byteLength(text)));
      assert.equal(got.header('docker-content-digest'), digest);
    }
  });
}

test('HEAD tells of a manifest all that GET tells', async () => {
  const { client } = registry;
  await client.pushManifest(repository, 'head', manifestWith('head'));
  const path = `/v2/${repository}/manifests/head`;
  const [head, got] = [await client.expect(200, 'HEAD', path), await client.expect(200, 'GET', path)];
  assert.equal(head.body.length, 0);
  for (const name of ['content-length', 'content-type', 'docker-content-digest', 'etag']) {
    assert.ok(got.header(name), name);
    assert.equal(head.header(name), got.header(name), name);
  }
});

test('a manifest is never compressed on its way', async () => {
  const { client } = registry;
  const text = manifestWith('a'.repeat(100_000));
  await client.pushManifest(repository, 'plain', text);
  const answer = await client.expect(200, 'GET', `/v2/${repository}/manifests/plain`, {
    'accept-encoding': 'gzip, br, zstd',
  });
  assert.equal(answer.header('content-encoding'), undefined);
  assert.equal(answer.header('transfer-encoding'), undefined);
  assert.equal(answer.text, text);
});

for (const accept of [
  undefined,
  '*/*',
  'text/html',
  mediaType.dockerImage,
  mediaType.index,
  'application/json',
  'nonsense',
]) {
  test(`Accept ${accept === undefined ? 'left out' : `«${accept}»`} does not hide a manifest that is there`, async () => {
    const { client } = registry;
    const text = manifestWith('accept');
    await client.pushManifest(repository, 'accept', text);
    for (const reference of ['accept', digestOf(text)]) {
      const answer = await client.send(
        'GET',
        `/v2/${repository}/manifests/${reference}`,
        accept === undefined ? {} : { accept },
      );
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.header('content-type'), mediaType.image);
      assert.equal(answer.text, text);
    }
  });
}

test('parameters of the Content-Type are left out when the manifest is served', async () => {
  const { client } = registry;
  for (const type of [`${mediaType.image}; charset=utf-8`, `${mediaType.image};q=1`]) {
    const answer = await client.putManifest(repository, 'parameters', manifestWith('parameters'), type);
    assert.equal(answer.status, 201, answer.text);
    const got = await client.expect(200, 'GET', `/v2/${repository}/manifests/parameters`);
    assert.equal(got.header('content-type'), mediaType.image);
  }
});

test('without a Content-Type the type in the manifest counts', async () => {
  const { client } = registry;
  const text = manifestWith('no content type');
  await client.expect(201, 'PUT', `/v2/${repository}/manifests/untyped`, {}, text);
  const got = await client.expect(200, 'GET', `/v2/${repository}/manifests/untyped`);
  assert.equal(got.header('content-type'), mediaType.image);
});

test('without a type in the manifest the Content-Type counts', async () => {
  const { client } = registry;
  const text = manifestWith('no media type', { mediaType: undefined });
  assert.doesNotMatch(text, /"schemaVersion":2,"mediaType"/);
  const answer = await client.putManifest(repository, 'silent', text, mediaType.image);
  assert.equal(answer.status, 201, answer.text);
  const got = await client.expect(200, 'GET', `/v2/${repository}/manifests/silent`);
  assert.equal(got.header('content-type'), mediaType.image);
});

test('a Content-Type that contradicts the manifest is refused', async () => {
  const { client } = registry;
  for (const type of [mediaType.index, mediaType.dockerImage, mediaType.dockerList]) {
    assertError(await client.putManifest(repository, 'other', manifestWith('other'), type), 400, 'MANIFEST_INVALID');
  }
  await client.expect(404, 'HEAD', `/v2/${repository}/manifests/other`);
});

test('who has the manifest already is told so in one line', async () => {
  const { client } = registry;
  const text = manifestWith('known');
  await client.pushManifest(repository, 'known', text);
  for (const reference of ['known', digestOf(text)]) {
    const path = `/v2/${repository}/manifests/${reference}`;
    const answer = await client.expect(304, 'GET', path, { 'if-none-match': `"${digestOf(text)}"` });
    assert.equal(answer.body.length, 0);
    await client.expect(200, 'GET', path, { 'if-none-match': '"sha256:other"' });
  }
});

test('a manifest is not found under a tag or digest that nobody pushed', async () => {
  const { client } = registry;
  for (const reference of ['never-pushed', digestOf('never pushed'), digestOf('never pushed', 'sha512')]) {
    const path = `/v2/${repository}/manifests/${reference}`;
    assertError(await client.send('GET', path), 404, 'MANIFEST_UNKNOWN');
    const head = await client.expect(404, 'HEAD', path);
    assert.equal(head.body.length, 0);
    assertError(await client.send('DELETE', path), 404, 'MANIFEST_UNKNOWN');
  }
});
