import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { indexOf, randomImage, randomReferrer, type TestContent } from '@entrepot/oci/testing/random-image';
import { forEachDialect } from '#testing/databases';
import { askManagement, type Shown } from '#testing/management';
import { startTestRegistry, type TestRegistry } from '#testing/test-registry';

// Every statement of the management API's view of images, on both databases.

async function ask<T = readonly Shown[]>(registry: TestRegistry, method: string, path: string, body?: unknown) {
  const answer = await askManagement<T>(registry, method, path, { as: registry.admin, body });
  return { ...answer, total: answer.headers.get('x-total-count') };
}

async function put(registry: TestRegistry, repository: string, content: TestContent, reference?: string) {
  const path = `/v2/${repository}/manifests/${reference ?? content.descriptor.digest}`;
  const headers = { 'content-type': content.descriptor.mediaType };
  const init = { method: 'PUT', as: registry.admin, body: Buffer.from(content.bytes), headers };
  assert.equal((await registry.fetch(path, init)).status, 201);
}

async function push(registry: TestRegistry, image: ReturnType<typeof randomImage>, tag?: string) {
  for (const blob of image.blobs) await registry.pushBlob('team/app', blob.bytes);
  await put(registry, 'team/app', image, tag);
}

const artifacts = '/projects/team/repositories/app/artifacts';

forEachDialect('images in the management API', (on) => {
  test('are listed, labelled, copied, counted and deleted', async () => {
    await using place = await on.makePlace();
    await using registry = await startTestRegistry({ place });
    await registry.addProject('team', true);
    const images = ['amd64', 'arm64'].map((architecture) =>
      randomImage({ seed: architecture, platform: { os: 'linux', architecture } }),
    );
    const [one, two] = images as [(typeof images)[0], (typeof images)[0]];
    await push(registry, one, 'one');
    await push(registry, two);
    await put(registry, 'team/app', indexOf(images), 'multi');
    await push(registry, randomReferrer('note', indexOf(images).descriptor, 'application/vnd.acme.note'));

    const every = 'with_tag=true&with_label=true&with_accessory=true&with_inherited_accessory=true';
    for (const sort of ['', 'push_time', '-pull_time', 'size,-digest', 'type', 'id']) {
      const { json, total } = await ask(registry, 'GET', `${artifacts}?${every}&sort=${sort}`);
      assert.deepEqual([json.length, total], [2, '2'], sort);
    }
    const listed = await ask(registry, 'GET', `${artifacts}?${every}&sort=-push_time`);
    const [index, single] = listed.json;
    assert.ok(index && single);
    assert.equal(index.references.length, 2);
    assert.equal(index.accessories.length, 1);
    assert.equal(single.inherited_accessories.length, 1);
    assert.equal(single.extra_attrs.architecture, 'amd64');

    for (const [q, wanted] of [
      ['tags=*', 2],
      ['tags=nil', 0],
      ['tags=~MUL', 1],
      ['tags={one multi}', 2],
      ['tags=(one multi)', 0],
      ['type=IMAGE,size=[1~]', 2],
      ['push_time=[~2001-01-01T00:00:00]', 0],
    ] as const) {
      const { json, status } = await ask(registry, 'GET', `${artifacts}?q=${encodeURIComponent(q)}&page_size=1`);
      assert.equal(status, 200, JSON.stringify(json));
      const whole = await ask(registry, 'GET', `/projects/team/artifacts?q=${encodeURIComponent(q)}`);
      assert.deepEqual([json.length, whole.json.length], [Math.min(1, wanted), wanted], q);
    }
    const latest = await ask(registry, 'GET', '/projects/team/artifacts?latest_in_repository=true');
    assert.deepEqual(
      latest.json.map((found: { digest: string }) => found.digest),
      [index.digest],
    );

    assert.equal((await ask(registry, 'POST', '/labels', { name: 'a', scope: 'g' })).status, 201);
    assert.equal((await ask(registry, 'POST', '/labels', { name: 'a', scope: 'g' })).status, 409);
    const [label] = (await ask(registry, 'GET', '/labels?scope=g&name=a')).json;
    assert.ok(label);
    assert.equal((await ask(registry, 'PUT', `/labels/${label.id}`, { name: 'b', color: '#aabbcc' })).status, 200);
    assert.equal((await ask(registry, 'POST', `${artifacts}/multi/labels`, { id: label.id })).status, 200);
    assert.equal((await ask(registry, 'POST', `${artifacts}/multi/labels`, { id: label.id })).status, 409);
    const labelled = await ask(registry, 'GET', `${artifacts}?with_label=true&q=labels%3D(${label.id})`);
    assert.deepEqual(
      labelled.json.map((found) => found.labels[0]?.name),
      ['b'],
    );

    assert.equal((await ask(registry, 'POST', `${artifacts}/multi/tags`, { name: 'more' })).status, 201);
    const tags = await ask(registry, 'GET', `${artifacts}/multi/tags?sort=-name&page_size=1`);
    assert.deepEqual([tags.json[0]?.name, tags.total], ['multi', '2']);
    assert.equal((await ask(registry, 'DELETE', `${artifacts}/multi/tags/more`)).status, 200);

    const copy = '/projects/team/repositories/copy';
    assert.equal((await ask(registry, 'POST', `${copy}/artifacts?from=team/app@${index.digest}`)).status, 201);
    const copied = await ask(registry, 'GET', `${copy}/artifacts?with_accessory=true`);
    assert.deepEqual(
      copied.json.map((found) => [found.digest, found.references.length, found.accessories.length]),
      [[index.digest, 2, 1]],
    );

    assert.equal((await ask(registry, 'PUT', copy, { description: 'a copy' })).status, 200);
    const repositories = await ask(registry, 'GET', '/repositories?sort=-name&q=name%3D~TEAM');
    assert.deepEqual(
      repositories.json.map((found) => [found.name, found.description, found.artifact_count]),
      [
        ['team/copy', 'a copy', 1],
        ['team/app', '', 2],
      ],
    );
    const holders = await ask(registry, 'GET', `/repositories?q=blob_digest%3D${one.layers[0]?.descriptor.digest}`);
    assert.equal(holders.json.length, 2);
    const found = await ask<Shown>(registry, 'GET', '/search?q=COP');
    assert.deepEqual(
      [found.json.project, found.json.repository.map((match) => match.repository_name)],
      [[], ['team/copy']],
    );
    const statistics = await ask<Readonly<Record<string, number>>>(registry, 'GET', '/statistics');
    assert.equal(statistics.json['public_repo_count'], 2);
    assert.ok((statistics.json['total_storage_consumption'] ?? 0) > 0);

    assert.equal((await ask(registry, 'DELETE', copy)).status, 200);
    assert.equal((await ask(registry, 'GET', copy)).status, 404);
    assert.equal((await ask(registry, 'DELETE', `${artifacts}/multi`)).status, 200);
    const left = await ask(registry, 'GET', artifacts);
    assert.deepEqual(
      left.json.map((kept) => kept.digest),
      [one.descriptor.digest],
    );
    assert.equal((await ask(registry, 'DELETE', `${artifacts}/one`)).status, 200);
    assert.equal((await ask(registry, 'GET', '/projects/team/repositories/app')).status, 404);
    assert.equal((await ask(registry, 'GET', '/projects/team/repositories')).total, '0');
    // A repository that was emptied is there again with the next push.
    await push(registry, one, 'again');
    assert.equal((await ask<Shown>(registry, 'GET', '/projects/team/repositories/app')).json.artifact_count, 1);
  });

  test('that were pushed before there were descriptions are described when the registry starts, and when they are shown', async () => {
    await using made = await on.makePlace();
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'entrepot-described-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    // Both starts have the same blobs.
    const place = { ...made, env: { ENTREPOT_DATA: folder, ...made.env } };
    const image = randomImage({ seed: 'old' });
    {
      await using registry = await startTestRegistry({ place });
      await registry.addProject('team');
      await push(registry, image, 'old');
    }
    const forget = async () => {
      await place.query('delete from manifest_detail');
      await place.query("update manifest set described = 0, type = '', config_type = '', total_size = 0");
    };
    await forget();
    await using registry = await startTestRegistry({ place });
    const described = async () => (await place.query('select described from manifest'))[0]?.['described'];
    for (let turn = 0; turn < 100 && (await described()) !== 1; turn++) {
      await new Promise((done) => setTimeout(done, 50));
    }
    const shown = async () => {
      const [old] = (await ask(registry, 'GET', artifacts)).json;
      assert.ok(old);
      return [old.type, old.extra_attrs['architecture'], old.size > 1000];
    };
    assert.equal(await described(), 1);
    assert.deepEqual(await shown(), ['IMAGE', 'amd64', true]);
    await forget();
    assert.deepEqual(await shown(), ['IMAGE', 'amd64', true]);
  });

  test('that are pushed and deleted by many at once are listed as they are in the end', async () => {
    await using place = await on.makePlace();
    await using registry = await startTestRegistry({ place });
    await registry.addProject('team');
    const images = Array.from({ length: 4 }, (_, seed) => randomImage({ seed }));
    const indexes = images.map((_, at) => indexOf(images.slice(0, at + 1)));
    for (const image of images) await push(registry, image);
    await Promise.all([
      ...indexes.map((index, at) => put(registry, 'team/app', index, `index-${at}`)),
      ...images.map((image, at) => put(registry, 'team/app', image, `tag-${at}`)),
    ]);
    assert.equal((await ask(registry, 'GET', `${artifacts}?page_size=100`)).total, '8');
    const untag = (tag: string) => ask(registry, 'DELETE', `${artifacts}/${tag}/tags/${tag}`);
    await Promise.all(images.map((_, at) => untag(`tag-${at}`)));
    assert.equal((await ask(registry, 'GET', `${artifacts}?page_size=100`)).total, '4');
    const deleted = await Promise.all(
      indexes.map((index) => ask(registry, 'DELETE', `${artifacts}/${index.descriptor.digest}`)),
    );
    assert.deepEqual(
      deleted.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    assert.equal((await place.query('select id from manifest')).length, 0);
    assert.equal((await place.query("select held from repository where name = 'team/app'"))[0]?.['held'], 0);
  });
});
