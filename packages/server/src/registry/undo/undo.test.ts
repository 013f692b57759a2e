import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { indexOf, randomImage, randomReferrer, type TestContent } from '@entrepot/oci/testing/random-image';
import { forEachDialect } from '#testing/databases';
import { askManagement, type Shown } from '#testing/management';
import { imageManifest, imageType, startTestRegistry, type TestRegistry } from '#testing/test-registry';
import { askOwn, collect, lastDeletion, remove, restore, type ShownDeletion } from '#testing/undo-scene';

async function pushContent(registry: TestRegistry, repository: string, content: TestContent, reference?: string) {
  const path = `/v2/${repository}/manifests/${reference ?? content.descriptor.digest}`;
  const headers = { 'content-type': content.descriptor.mediaType };
  const body = Buffer.from(content.bytes);
  assert.equal((await registry.fetch(path, { method: 'PUT', as: registry.admin, body, headers })).status, 201);
}

async function pull(registry: TestRegistry, repository: string, reference: string) {
  const response = await registry.fetch(`/v2/${repository}/manifests/${reference}`, { as: registry.admin });
  await response.arrayBuffer();
  return response.status === 200 ? response.headers.get('docker-content-digest') : response.status;
}

async function headBlob(registry: TestRegistry, repository: string, digest: string) {
  return (await registry.fetch(`/v2/${repository}/blobs/${digest}`, { method: 'HEAD', as: registry.admin })).status;
}

const list = async (registry: TestRegistry, project: string) =>
  (await askOwn<ShownDeletion[]>(registry, 'GET', `/projects/${project}/deletions`)).json;

const usage = async (registry: TestRegistry, project: string) =>
  (await askOwn<object>(registry, 'GET', `/projects/${project}/usage`)).json;

forEachDialect('what was deleted', (on) => {
  describe('in a registry', { concurrency: false }, () => {
    const opened = (async () => {
      const place = await on.makePlace();
      const registry = await startTestRegistry({
        place,
        env: { ENTREPOT_GC_GRACE: '1s', ENTREPOT_GC_INTERVAL: '0s', ENTREPOT_UNDO_WINDOW: '1h' },
      });
      for (const project of ['team', 'small', 'other', 'race', 'bin', 'late']) await registry.addProject(project);
      return { registry, place };
    })();
    after(async () => {
      const { registry, place } = await opened;
      await registry[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    test('comes back whole: an index with its parts, tags, labels and what was attached to it', async () => {
      const { registry } = await opened;
      const ask = <T = readonly Shown[]>(method: string, path: string, body?: unknown) =>
        askManagement<T>(registry, method, path, { as: registry.admin, body });
      const images = ['amd64', 'arm64'].map((architecture) =>
        randomImage({ seed: architecture, platform: { os: 'linux', architecture } }),
      );
      const index = indexOf(images);
      const note = randomReferrer('note', index.descriptor, 'application/vnd.acme.note');
      for (const image of [...images, note]) {
        for (const blob of image.blobs) await registry.pushBlob('team/app', blob.bytes);
      }
      for (const image of images) await pushContent(registry, 'team/app', image);
      await pushContent(registry, 'team/app', index, 'v1');
      await pushContent(registry, 'team/app', index, 'latest');
      await pushContent(registry, 'team/app', note);
      const artifacts = '/projects/team/repositories/app/artifacts';
      assert.equal((await ask('POST', '/labels', { name: 'good', scope: 'g' })).status, 201);
      const [label] = (await ask('GET', '/labels?scope=g&name=good')).json;
      assert.equal((await ask('POST', `${artifacts}/v1/labels`, { id: label?.id })).status, 200);
      const every = 'with_tag=true&with_label=true&with_accessory=true';
      const shown = async () =>
        (await ask('GET', `${artifacts}?${every}`)).json.map(({ tags, labels, ...one }) => ({
          digest: one.digest,
          size: one.size,
          parts: one.references.length,
          tags: tags?.map(({ name }) => name).toSorted(),
          labels: labels?.map(({ name }) => name),
          accessories: one.accessories?.map(({ digest }) => digest),
        }));
      const [before, used] = [await shown(), await usage(registry, 'team')];

      await remove(registry, `/api/v2.0${artifacts}/v1`);
      assert.equal(await pull(registry, 'team/app', 'v1'), 404);
      assert.notDeepEqual(await usage(registry, 'team'), used);
      const deletion = await lastDeletion(registry, 'team');
      assert.deepEqual(
        [
          deletion.kind,
          deletion.repository,
          deletion.digest,
          deletion.artifact_count,
          deletion.tag_count,
          deletion.actor,
        ],
        ['artifact', 'team/app', index.descriptor.digest, 4, 2, 'admin'],
      );
      const whole = await askOwn<ShownDeletion>(registry, 'GET', `/projects/team/deletions/${deletion.id}`);
      const kept = whole.json.artifacts.find(({ digest }) => digest === index.descriptor.digest);
      assert.deepEqual([kept?.type, kept?.tags], ['IMAGE', ['latest', 'v1']]);

      const restored = await restore(registry, 'team', deletion.id);
      assert.deepEqual([restored.status, restored.json], [200, { artifacts: 4, tags: 2, already_there: 0, left: [] }]);
      assert.deepEqual(await shown(), before);
      assert.deepEqual(await usage(registry, 'team'), used);
      assert.equal(await pull(registry, 'team/app', 'latest'), index.descriptor.digest);
      for (const image of images) {
        for (const blob of image.blobs) assert.equal(await headBlob(registry, 'team/app', blob.descriptor.digest), 200);
      }
      assert.deepEqual(await list(registry, 'team'), []);
      assert.equal((await restore(registry, 'team', deletion.id)).status, 404);
      const [row] = await registry.query(
        "select detail from audit where action = 'restore-artifact' and outcome = 'success'",
      );
      assert.match(String(row?.['detail']), /"artifacts":4/);
    });

    test('is found by its kind, its place and who deleted it', async () => {
      const { registry } = await opened;
      await registry.pushImage('other/one', 'v1');
      await registry.pushImage('other/two', 'v1');
      await remove(registry, '/v2/other/one/manifests/v1');
      await remove(registry, '/api/v2.0/projects/other/repositories/two');
      const found = async (q: string, path = '/projects/other/deletions') =>
        (await askOwn<ShownDeletion[]>(registry, 'GET', `${path}?q=${encodeURIComponent(q)}`)).json.map(
          ({ kind, repository, tag }) => `${kind} ${repository} ${tag}`,
        );
      assert.deepEqual(await found(''), ['repository other/two null', 'tag other/one v1']);
      assert.deepEqual(await found('kind=tag'), ['tag other/one v1']);
      assert.deepEqual(await found('repository=~two,actor=admin'), ['repository other/two null']);
      assert.deepEqual(await found('project_name=other', '/deletions'), await found(''));
      const unknown = await askOwn<unknown>(registry, 'GET', '/projects/other/deletions?q=secret%3D1');
      assert.equal(unknown.status, 400);
    });

    test('comes back as a tag, with its manifest if that went after it', async () => {
      const { registry } = await opened;
      const image = await registry.pushImage('team/tags', 'v1');
      await remove(registry, '/v2/team/tags/manifests/v1');
      const tag = await lastDeletion(registry, 'team');
      await remove(registry, `/v2/team/tags/manifests/${image.digest}`);
      const { json } = await restore(registry, 'team', tag.id);
      assert.deepEqual([json.artifacts, json.tags, json.left], [1, 1, []]);
      assert.equal(await pull(registry, 'team/tags', 'v1'), image.digest);
      assert.deepEqual(await list(registry, 'team'), [], 'the deletion of the manifest is empty by then');
    });

    test('leaves alone what is there by now, and tells of it', async () => {
      const { registry } = await opened;
      const first = await registry.pushImage('team/moved', 'v1');
      await registry.putManifest('team/moved', 'v2', first.manifest);
      await remove(registry, `/v2/team/moved/manifests/${first.digest}`);
      const { id } = await lastDeletion(registry, 'team');
      const second = await registry.pushImage('team/moved', 'v1');
      const { json } = await restore(registry, 'team', id);
      assert.deepEqual([json.artifacts, json.tags], [1, 1]);
      assert.deepEqual(
        json.left.map(({ digest, tag }) => [digest, tag]),
        [[first.digest, 'v1']],
      );
      assert.match(json.left[0]?.reason ?? '', new RegExp(second.digest));
      assert.equal(await pull(registry, 'team/moved', 'v1'), second.digest);
      assert.equal(await pull(registry, 'team/moved', 'v2'), first.digest);
      const again = await restore(registry, 'team', id);
      assert.equal(again.status, 409, again.text);
      await remove(registry, '/v2/team/moved/manifests/v1');
      assert.equal((await restore(registry, 'team', id)).json.tags, 1);
      assert.equal(await pull(registry, 'team/moved', 'v1'), first.digest);
    });

    test('that is there again without a holder is kept for another grace when somebody asks for it', async () => {
      const { registry } = await opened;
      const image = await registry.pushImage('late/again', 'v1');
      const path = `/v2/late/again/manifests/${image.digest}`;
      for (const one of ['/v2/late/again/manifests/v1', path]) await remove(registry, one);
      const { id } = await lastDeletion(registry, 'late');
      const headers = { 'content-type': imageType };
      const pushed = await registry.fetch(path, { method: 'PUT', as: registry.admin, body: image.manifest, headers });
      assert.equal(pushed.status, 201);
      const which = `manifest_id = (select id from manifest where digest = '${image.digest}')`;
      await registry.query(`update manifest_review set at = 1 where ${which}`);
      assert.equal((await restore(registry, 'late', id)).json.already_there, 1);
      const [review] = await registry.query(`select at from manifest_review where ${which}`);
      assert.ok(Number(review?.['at']) > 1_000_000, JSON.stringify(review));
    });

    test('comes back as a repository of more than one batch, with its description and pin', async () => {
      const { registry } = await opened;
      const [config, layer] = ['{"n":1}', 'a layer of many'];
      for (const blob of [config, layer]) await registry.pushBlob('team/many', blob);
      const digests: string[] = [];
      for (let at = 0; at < 30; at += 1) {
        const manifest = imageManifest(config, [layer], { annotations: { at: String(at) } });
        const { headers } = await registry.putManifest('team/many', `v${at}`, manifest);
        digests.push(headers.get('docker-content-digest') ?? '');
      }
      const path = '/projects/team/repositories/many';
      const body = { description: 'many of them' };
      assert.equal((await askManagement(registry, 'PUT', path, { as: registry.admin, body })).status, 200);
      assert.equal((await askOwn(registry, 'PUT', `${path}/pin`)).status, 200);
      await remove(registry, `/api/v2.0${path}`);
      assert.deepEqual((await askOwn<unknown>(registry, 'GET', '/projects/team/pins')).json, []);
      const { id, artifact_count: count } = await lastDeletion(registry, 'team');
      assert.equal(count, 30);
      const { json } = await restore(registry, 'team', id);
      assert.deepEqual(json, { artifacts: 30, tags: 30, already_there: 0, left: [] });
      assert.equal(await pull(registry, 'team/many', 'v29'), digests[29]);
      const shown = await askManagement<Shown>(registry, 'GET', path, { as: registry.admin });
      assert.deepEqual([shown.json.description, shown.json.artifact_count], ['many of them', 30]);
      const pins = await askOwn<unknown>(registry, 'GET', '/projects/team/pins');
      assert.deepEqual(pins.json, [{ repository: 'team/many' }]);
    });

    test('stays where it is while there is no room for it', async () => {
      const { registry } = await opened;
      const image = await registry.pushImage('small/app', 'v1');
      await remove(registry, `/v2/small/app/manifests/${image.digest}`);
      const { id } = await lastDeletion(registry, 'small');
      const quotas = await askManagement<readonly Shown[]>(registry, 'GET', '/quotas?page_size=100', {
        as: registry.admin,
      });
      const quota = quotas.json.find((one) => (one as unknown as { ref: { name: string } }).ref.name === 'small');
      const limit = (storage: number) =>
        askManagement(registry, 'PUT', `/quotas/${quota?.id}`, { as: registry.admin, body: { hard: { storage } } });
      assert.equal((await limit(10)).status, 200);
      const refused = await restore(registry, 'small', id);
      assert.equal(refused.status, 403, refused.text);
      assert.equal(await pull(registry, 'small/app', image.digest), 404);
      assert.equal((await limit(-1)).status, 200);
      assert.equal((await restore(registry, 'small', id)).status, 200);
      assert.equal(await pull(registry, 'small/app', 'v1'), image.digest);
    });

    test('comes back once, however many ask at the same time', async () => {
      const { registry } = await opened;
      for (let round = 0; round < 3; round += 1) {
        const image = await registry.pushImage('race/app', `v${round}`);
        await remove(registry, `/v2/race/app/manifests/${image.digest}`);
        const { id } = await lastDeletion(registry, 'race');
        const answers = await Promise.all([0, 1, 2, 3].map(() => restore(registry, 'race', id)));
        assert.deepEqual(
          answers.map(({ status }) => status).toSorted((one, other) => one - other),
          [200, 404, 404, 404],
        );
        assert.equal(await pull(registry, 'race/app', `v${round}`), image.digest);
      }
      const counted = await askOwn<{ artifacts: number }>(registry, 'GET', '/projects/race/usage');
      assert.equal(counted.json.artifacts, 3);
    });

    test('never takes a tag from a push that runs at the same time', async () => {
      const { registry } = await opened;
      for (let round = 0; round < 6; round += 1) {
        const old = await registry.pushImage('race/tag', 'live');
        await remove(registry, `/v2/race/tag/manifests/${old.digest}`);
        const { id } = await lastDeletion(registry, 'race');
        const [restored, pushed] = await Promise.all([
          restore(registry, 'race', id),
          registry.pushImage('race/tag', 'live'),
        ]);
        assert.equal(restored.status, 200, restored.text);
        assert.equal(await pull(registry, 'race/tag', 'live'), pushed.digest);
        const changes = await registry.query(`select from_digest, to_digest from tag_change
          join repository on repository.id = repository_id where repository.name = 'race/tag' order by tag_change.id`);
        for (const [at, change] of changes.entries()) {
          assert.equal(change['from_digest'], changes[at - 1]?.['to_digest'] ?? null, 'the history has no gap');
        }
      }
    });

    test('outlives collections within its window, and is gone after it', async () => {
      const { registry } = await opened;
      const image = await registry.pushImage('bin/app', 'v1');
      const collections = async () => {
        for (let round = 0; round < 4; round += 1) {
          await new Promise((resolve) => setTimeout(resolve, 1100));
          await collect(registry);
        }
      };
      await remove(registry, `/v2/bin/app/manifests/${image.digest}`);
      await collections();
      assert.equal(await headBlob(registry, 'bin/app', image.layer), 404, 'the repository let go of it');
      const { id } = await lastDeletion(registry, 'bin');
      assert.equal((await restore(registry, 'bin', id)).status, 200);
      const layer = await registry.fetch(`/v2/bin/app/blobs/${image.layer}`, { as: registry.admin });
      assert.match(await layer.text(), /^layer /);
      assert.equal(await pull(registry, 'bin/app', 'v1'), image.digest);

      await remove(registry, `/v2/bin/app/manifests/${image.digest}`);
      const last = await lastDeletion(registry, 'bin');
      await registry.query(`update deletion set expires_at = 1 where id = ${last.id}`);
      assert.deepEqual(await list(registry, 'bin'), []);
      assert.equal((await restore(registry, 'bin', last.id)).status, 404);
      await collections();
      for (const [table, column, digest] of [
        ['manifest_content', 'digest', image.digest],
        ['blob', 'digest', image.layer],
        ['deletion', 'id', last.id],
      ]) {
        assert.deepEqual(await registry.query(`select 1 from ${table} where ${column} = '${digest}'`), [], `${table}`);
      }
      const rollback = await askOwn(registry, 'POST', '/projects/bin/repositories/app/tags/v1/rollback');
      assert.equal(rollback.status, 409, rollback.text);
    });

    test('is removed at once where somebody may not have it back', async () => {
      const { registry } = await opened;
      const image = await registry.pushImage('bin/secret', 'v1');
      await remove(registry, `/v2/bin/secret/manifests/${image.digest}`);
      const { id } = await lastDeletion(registry, 'bin');
      assert.equal((await askOwn(registry, 'DELETE', `/projects/bin/deletions/${id}`)).status, 200);
      assert.equal((await askOwn(registry, 'DELETE', `/projects/bin/deletions/${id}`)).status, 404);
      assert.equal((await restore(registry, 'bin', id)).status, 404);
      assert.deepEqual(await registry.query(`select 1 from manifest_content where digest = '${image.digest}'`), []);
    });

    test('is for those who may push there, and of other projects nobody learns', async () => {
      const { registry } = await opened;
      await registry.addUser('guest', { team: 3 });
      await registry.addUser('dev', { team: 2, other: 2 });
      await registry.addUser('stranger');
      const image = await registry.pushImage('team/mine', 'v1');
      await remove(registry, `/v2/team/mine/manifests/${image.digest}`);
      const { id } = await lastDeletion(registry, 'team');
      const as = (name: string) => ({ as: registry.basic(name) });
      const status = async (method: string, path: string, who: string) =>
        (await askOwn(registry, method, path, as(who))).status;
      const path = `/projects/team/deletions/${id}`;
      assert.equal(await status('GET', path, 'guest'), 403);
      assert.equal(await status('POST', `${path}/restore`, 'guest'), 403);
      assert.equal(await status('GET', path, 'stranger'), 404);
      assert.equal(await status('GET', `/projects/other/deletions/${id}`, 'dev'), 404);
      assert.equal(await status('POST', `/projects/other/deletions/${id}/restore`, 'dev'), 404);
      assert.equal(await status('DELETE', path, 'dev'), 403);
      assert.equal(await status('GET', '/deletions', 'dev'), 403);
      assert.equal(await status('POST', `/deletions/${id}/restore`, 'dev'), 403);
      assert.equal(await status('POST', `/deletions/${id}/restore`, 'admin'), 404, 'it is no project');
      assert.equal(await status('POST', `${path}/restore`, 'dev'), 200);
    });
  });
});
