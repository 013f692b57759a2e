import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { randomImage, randomReferrer, indexOf, type TestContent } from '@entrepot/oci/testing/random-image';
import { artifactsPath, askManagement, type Shown } from '#testing/management';
import { digestOf, imageManifest, useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry();
for (const name of ['team', 'other']) await registry.addProject(name);
await registry.addUser('dev', { team: 2 });
await registry.addUser('keeper', { team: 4, other: 4 });
await registry.addUser('guest', { team: 3 });
await registry.addUser('foreign', { other: 4 });
const [dev, keeper, guest, foreign] = ['dev', 'keeper', 'guest', 'foreign'].map((name) => registry.basic(name)) as [
  string,
  string,
  string,
  string,
];

const ask = <T = readonly Shown[]>(method: string, path: string, as: string | undefined, body?: unknown) =>
  askManagement<T>(registry, method, path, { as, body });
const artifactsOf = artifactsPath;

async function list(repository: string, query = '', as = registry.admin): Promise<Shown[]> {
  const { status, json, text } = await ask('GET', `${artifactsOf(repository)}?page_size=100&${query}`, as);
  assert.equal(status, 200, text);
  return [...json];
}

async function get(repository: string, reference: string, query = ''): Promise<Shown> {
  const { status, json, text } = await ask<Shown>(
    'GET',
    `${artifactsOf(repository)}/${reference}?${query}`,
    registry.admin,
  );
  assert.equal(status, 200, text);
  return json;
}

async function put(repository: string, content: TestContent, reference: string = content.descriptor.digest) {
  const response = await registry.fetch(`/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    as: registry.admin,
    body: Buffer.from(content.bytes),
    headers: { 'content-type': content.descriptor.mediaType },
  });
  assert.equal(response.status, 201, await response.text());
}

async function push(repository: string, image: ReturnType<typeof randomImage>, reference?: string): Promise<string> {
  for (const blob of image.blobs) await registry.pushBlob(repository, blob.bytes);
  await put(repository, image, reference);
  return image.descriptor.digest;
}

async function pushConfig(repository: string, tag: string, mediaType: string, config: string, fields: object = {}) {
  await registry.pushBlob(repository, config);
  const manifest = imageManifest('', [], {
    config: { mediaType, digest: digestOf(config), size: Buffer.byteLength(config) },
    ...fields,
  });
  assert.equal((await registry.putManifest(repository, tag, manifest)).status, 201);
  return digestOf(manifest);
}

describe('an image', () => {
  test('is shown with what its manifest and config say of it', async () => {
    const image = randomImage({ seed: 'shown', layers: 3, annotations: { 'org.example.a': 'b' } });
    await push('team/shown', image, 'v1');
    const shown = await get('team/shown', 'v1');
    assert.equal(shown.type, 'IMAGE');
    assert.equal(shown.media_type, 'application/vnd.oci.image.config.v1+json');
    assert.equal(shown.manifest_media_type, 'application/vnd.oci.image.manifest.v1+json');
    assert.equal(shown.digest, image.descriptor.digest);
    assert.equal(shown.repository_name, 'team/shown');
    const size = image.blobs.reduce((sum, blob) => sum + blob.descriptor.size, image.descriptor.size);
    assert.equal(shown.size, size);
    assert.equal(shown.extra_attrs.architecture, 'amd64');
    assert.equal(shown.extra_attrs.os, 'linux');
    assert.deepEqual(shown.extra_attrs.config, { Labels: { seed: 'shown' } });
    assert.equal(shown.extra_attrs.rootfs, undefined, 'only what lists show');
    assert.deepEqual(shown.annotations, { 'org.example.a': 'b' });
    assert.deepEqual(
      shown.tags.map((tag: Shown) => [tag.name, tag.pull_time, tag.immutable]),
      [['v1', '0001-01-01T00:00:00.000Z', false]],
    );
    assert.deepEqual(Object.keys(shown.addition_links), ['build_history']);
    assert.equal((await get('team/shown', image.descriptor.digest)).id, shown.id);
    const icon = await ask<Shown>('GET', `/icons/${shown.icon}`, undefined);
    assert.match(Buffer.from(icon.json.content, 'base64').toString(), /^<svg /);
  });

  test('with a config that is no JSON is shown without one', async () => {
    await pushConfig('team/odd', 'v1', 'application/vnd.oci.image.config.v1+json', 'not json');
    assert.deepEqual((await get('team/odd', 'v1')).extra_attrs, {});
  });

  test('of a kind that its config names is called so', async () => {
    const kinds: Readonly<Record<string, string>> = {
      'application/vnd.cncf.helm.config.v1+json': 'CHART',
      'application/vnd.wasm.config.v1+json': 'WASM',
      'application/vnd.cnab.manifest.v1': 'CNAB',
      'application/vnd.cncf.model.config.v1+json': 'CNAI',
      'application/vnd.goharbor.harbor.sbom.v1': 'SBOM',
      'application/vnd.acme.rocket.config.v1+json': 'ROCKET',
      'application/x-else': 'UNKNOWN',
    };
    for (const [at, mediaType] of Object.keys(kinds).entries()) {
      await pushConfig('team/kinds', `v${at}`, mediaType, JSON.stringify({ name: mediaType }));
    }
    const shown = await list('team/kinds');
    assert.deepEqual(Object.fromEntries(shown.map((one) => [one.media_type, one.type])), kinds);
    assert.equal((await list('team/kinds', 'q=type%3DCHART')).length, 1);
    assert.deepEqual((await list('team/kinds', 'q=type%3DCHART'))[0]?.['extra_attrs'], {
      name: 'application/vnd.cncf.helm.config.v1+json',
    });
  });
});

describe('an index', () => {
  const images = ['amd64', 'arm64'].map((architecture) =>
    randomImage({ seed: `part-${architecture}`, platform: { os: 'linux', architecture } }),
  );
  const index = indexOf(images);

  test('is listed with its parts under it, and they by themselves only with a tag', async () => {
    for (const image of images) await push('team/multi', image);
    assert.equal((await list('team/multi')).length, 2, 'before the index they stand alone');
    await put('team/multi', index, 'v1');
    const [shown, ...rest] = await list('team/multi');
    assert.deepEqual(rest, []);
    assert.equal(shown?.digest, index.descriptor.digest);
    assert.deepEqual(
      shown?.references.map((child: Shown) => [child.child_digest, child.platform.architecture]),
      images.map((image) => [image.descriptor.digest, image.descriptor.platform?.architecture]),
    );
    const parts = await Promise.all(images.map((image) => get('team/multi', image.descriptor.digest)));
    assert.deepEqual(
      shown.references.map((child: Shown) => child.child_id),
      parts.map((part) => part.id),
    );
    const total = parts.reduce((sum, part) => sum + part.size, index.descriptor.size);
    assert.equal(shown.size, total);
    await put('team/multi', images[0] as TestContent, 'only-amd64');
    assert.equal((await list('team/multi')).length, 2);
    const { status } = await ask('DELETE', `${artifactsOf('team/multi')}/only-amd64/tags/only-amd64`, keeper);
    assert.equal(status, 200);
    assert.equal((await list('team/multi')).length, 1);
  });

  test('holds its parts, and takes those that nothing else holds along', async () => {
    const path = artifactsOf('team/multi');
    const part = images[1]?.descriptor.digest ?? '';
    const refused = await ask('DELETE', `${path}/${part}`, keeper);
    assert.equal(refused.status, 412);
    await put('team/multi', images[0] as TestContent, 'kept');
    assert.equal((await ask('DELETE', `${path}/v1`, keeper)).status, 200);
    assert.deepEqual(
      (await list('team/multi')).map((one) => one.digest),
      [images[0]?.descriptor.digest],
    );
    assert.equal((await ask('GET', `${path}/${part}`, keeper)).status, 404);
  });
});

describe('what is attached to an artifact', () => {
  test('is shown with it and not beside it, and goes with it', async () => {
    const image = randomImage({ seed: 'signed' });
    await push('team/signed', image, 'v1');
    for (const [seed, type] of [
      ['n', 'application/vnd.cncf.notary.signature'],
      ['b', 'application/vnd.dev.sigstore.bundle.v0.3+json'],
      ['s', 'application/vnd.goharbor.harbor.sbom.v1'],
      ['x', 'application/vnd.acme.note'],
    ] as const) {
      await push('team/signed', randomReferrer(seed, image.descriptor, type));
    }
    const layer = 'signature';
    for (const blob of ['{}', layer]) await registry.pushBlob('team/signed', blob);
    const cosign = imageManifest('{}', [], {
      layers: [
        {
          mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
          digest: digestOf(layer),
          size: layer.length,
        },
      ],
    });
    const tag = `${image.descriptor.digest.replace(':', '-')}.sig`;
    assert.equal((await registry.putManifest('team/signed', tag, cosign)).status, 201);

    const [shown, ...rest] = await list('team/signed', 'with_accessory=true');
    assert.deepEqual(rest, []);
    assert.deepEqual(shown?.accessories.map((one: Shown) => one.type).toSorted(), [
      'sbom.harbor',
      'signature.cosign',
      'signature.cosign',
      'signature.notation',
      'subject.accessory',
    ]);
    const path = `${artifactsOf('team/signed')}/v1/accessories`;
    const accessories = await ask('GET', `${path}?page_size=2&q=type%3Dsignature.cosign`, guest);
    assert.equal(accessories.json.length, 2);
    assert.equal(accessories.headers.get('x-total-count'), '2');
    assert.equal(accessories.json[0]?.subject_artifact_digest, image.descriptor.digest);

    const copied = await ask('POST', `${artifactsOf('other/copies')}?from=team/signed:v1`, keeper);
    assert.equal(copied.status, 201, JSON.stringify(copied.json));
    assert.match(
      copied.headers.get('location') ?? '',
      /^\/api\/v2\.0\/projects\/other\/repositories\/copies\/artifacts\/sha256:/,
    );
    const [copy] = await list('other/copies', 'with_accessory=true');
    assert.equal(copy?.accessories.length, 5);
    assert.deepEqual(
      copy?.tags.map((one: Shown) => one.name),
      ['v1'],
    );
    const pulled = await registry.fetch(`/v2/other/copies/blobs/${image.layers[0]?.descriptor.digest}`, {
      as: foreign,
    });
    assert.equal(pulled.status, 200);
    await pulled.arrayBuffer();

    assert.equal((await ask('DELETE', `${artifactsOf('team/signed')}/v1`, keeper)).status, 200);
    assert.deepEqual(await list('team/signed').catch(() => []), []);
  });

  test('is listed by itself while its subject is not there', async () => {
    const image = randomImage({ seed: 'late' });
    const note = randomReferrer('note', image.descriptor, 'application/vnd.acme.note');
    await push('team/late', note);
    assert.equal((await list('team/late')).length, 1);
    await push('team/late', image, 'v1');
    assert.deepEqual(
      (await list('team/late')).map((one) => one.digest),
      [image.descriptor.digest],
    );
  });
});

describe('a copy', () => {
  test('asks both ends, and tells nobody what he may not see', async () => {
    await registry.pushImage('team/private', 'v1');
    const from = (source: string, as: string) => ask('POST', `${artifactsOf('other/stolen')}?from=${source}`, as);
    const hidden = await from('team/private:v1', foreign);
    const nothing = await from('none/private:v1', foreign);
    assert.deepEqual([hidden.status, nothing.status], [404, 404]);
    assert.deepEqual(hidden.json, JSON.parse(JSON.stringify(nothing.json).replaceAll('none', 'team')));
    assert.equal((await from('team/private:v1', dev)).status, 404, 'no target of hers');
    assert.equal((await ask('POST', `${artifactsOf('team/x')}?from=team/private:v1`, guest)).status, 403);
    assert.equal((await from('team/private', keeper)).status, 400);
    assert.equal((await from('team/private:v9', keeper)).status, 404);
    assert.equal((await from('team/private:v1', keeper)).status, 201);
    assert.equal((await from('team/private:v1', keeper)).status, 409);
  });

  test('gives nobody blobs that the source only names', async () => {
    const secret = 'a layer of somebody else';
    await registry.pushBlob('other/vault', secret);
    const own = 'an own layer';
    for (const blob of ['{"sparse":1}', own]) await registry.pushBlob('team/sparse', blob);
    const manifest = imageManifest('{"sparse":1}', [own, secret]);
    assert.equal((await registry.putManifest('team/sparse', 'v1', manifest)).status, 201);
    const copied = await ask('POST', `${artifactsOf('team/stolen')}?from=team/sparse:v1`, dev);
    assert.equal(copied.status, 400);
    const blob = await registry.fetch(`/v2/team/stolen/blobs/${digestOf(secret)}`, { as: dev });
    assert.equal(blob.status, 404);
    await blob.arrayBuffer();
  });
});

describe('tags', () => {
  test('are made once, listed by what was asked, and taken off their own artifact only', async () => {
    const { digest } = await registry.pushImage('team/tags', 'v1');
    const { digest: second } = await registry.pushImage('team/tags', 'w1');
    const path = `${artifactsOf('team/tags')}/${digest}/tags`;
    const made = await ask('POST', path, dev, { name: 'v2' });
    assert.equal(made.status, 201);
    assert.equal(made.headers.get('location'), `/api/v2.0${path}/v2`);
    assert.equal((await ask('POST', path, dev, { name: 'v2' })).status, 409);
    assert.equal((await ask('POST', path, dev, { name: 'w1' })).status, 409, 'of another artifact');
    assert.equal((await ask('POST', path, dev, { name: 'not a tag' })).status, 400);
    assert.equal((await ask('POST', path, guest, { name: 'v3' })).status, 403);
    const listed = await ask('GET', `${path}?q=name%3D~V&sort=name&page_size=1`, guest);
    assert.deepEqual(
      listed.json.map((tag: Shown) => tag.name),
      ['v1'],
    );
    assert.equal(listed.headers.get('x-total-count'), '2');
    assert.match(listed.headers.get('link') ?? '', /page=2/);
    assert.equal((await ask('DELETE', `${path}/w1`, keeper)).status, 404);
    assert.equal((await ask('DELETE', `${path}/v2`, dev)).status, 403);
    assert.equal((await ask('DELETE', `${path}/v2`, keeper)).status, 200);
    assert.equal((await get('team/tags', second)).tags.length, 1);
    const rows = await registry.query(
      "select action, resource from audit where resource like 'team/tags:v2' and outcome = 'success' order by id",
    );
    assert.deepEqual(
      rows.map((row) => row['action']),
      ['create-tag', 'delete-tag'],
    );
  });
});

describe('lists of artifacts', () => {
  test('filter by tags, digest and size, sort, and page', async () => {
    const digests: string[] = [];
    for (const tag of ['alpha', 'beta', 'gamma']) digests.push((await registry.pushImage('team/list', tag)).digest);
    await ask('DELETE', `${artifactsOf('team/list')}/gamma/tags/gamma`, keeper);
    const count = async (q: string) => (await list('team/list', `q=${encodeURIComponent(q)}`)).length;
    assert.deepEqual(
      await Promise.all(['tags=*', 'tags=nil', 'tags=~ET', 'tags={alpha beta}', 'tags=none'].map(count)),
      [2, 1, 1, 2, 0],
    );
    assert.equal(await count(`digest=${digests[1]}`), 1);
    assert.equal(await count('size=[1~100000]'), 3);
    assert.equal(await count('push_time=[2000-01-01T00:00:00~2001-01-01T00:00:00]'), 0);
    for (const [sort, wanted] of [
      ['push_time', digests],
      ['-push_time', digests.toReversed()],
      ['', digests.toReversed()],
      ['digest', digests.toSorted()],
    ] as const) {
      assert.deepEqual(
        (await list('team/list', `sort=${sort}`)).map((one) => one.digest),
        wanted,
        sort,
      );
    }
    const page = await ask('GET', `${artifactsOf('team/list')}?page=2&page_size=2&with_tag=false`, guest);
    assert.equal(page.json.length, 1);
    assert.equal(page.json[0]?.tags, null);
    assert.equal(page.headers.get('x-total-count'), '3');
    for (const bad of ['q=nothing%3D1', 'sort=annotations', 'q=labels%3Dx', 'q=tags%3D%5B1~2%5D']) {
      assert.equal((await ask('GET', `${artifactsOf('team/list')}?${bad}`, guest)).status, 400, bad);
    }
    const all = await ask('GET', '/projects/team/artifacts?latest_in_repository=true&page_size=100', guest);
    const repositories = all.json.map((one: Shown) => one.repository_name) as string[];
    assert.equal(new Set(repositories).size, repositories.length);
    assert.ok(repositories.includes('team/list'));
    assert.equal((await ask('GET', '/projects/team/artifacts', foreign)).status, 404);
  });

  test('of a repository that is not there are not found', async () => {
    for (const as of [guest, registry.admin]) {
      assert.equal((await ask('GET', artifactsOf('team/none'), as)).status, 404);
      assert.equal((await ask('GET', `${artifactsOf('team/none')}/v1`, as)).status, 404);
    }
  });
});

describe('pulls', () => {
  test('are counted and dated by tag and artifact, and looking is no pull', async () => {
    const { digest } = await registry.pushImage('team/pulled', 'v1');
    await registry.fetch(`/v2/team/pulled/manifests/v1`, { method: 'HEAD', as: guest });
    const pull = async (reference: string) => {
      await (await registry.fetch(`/v2/team/pulled/manifests/${reference}`, { as: guest })).arrayBuffer();
    };
    await pull('v1');
    await pull('v1');
    await pull(digest);
    const count = async () => (await ask<Shown>('GET', '/projects/team/repositories/pulled', guest)).json.pull_count;
    for (let turn = 0; turn < 50 && (await count()) === 0; turn++) await new Promise((done) => setTimeout(done, 100));
    assert.equal(await count(), 3);
    const shown = await get('team/pulled', 'v1');
    assert.ok(Date.parse(shown.pull_time) > Date.now() - 60_000);
    assert.ok(Date.parse(shown.tags[0]?.pull_time ?? '') > Date.now() - 60_000);
  });
});
