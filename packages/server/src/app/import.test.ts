import assert from 'node:assert/strict';
import { chmodSync, existsSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { forEachDialect } from '#testing/databases';
import { indexOf, writeFileAt } from '@entrepot/oci/testing/distribution-store';
import { assertPulls, filesUnder, openImportScene, reasonsOf } from '#testing/import-scene';
import { digestOf, imageManifest, imageType } from '#testing/test-registry';
import { importImages } from './import.ts';

forEachDialect('a docker-registry that is taken over', (on) => {
  test('has the same digests and tags afterwards, and every image pulls', async () => {
    await using scene = await openImportScene(on.makePlace);
    const { store } = scene;
    {
      await using _first = await scene.serve();
    }
    const one = store.putImage('team/app', 'one', ['v1', 'latest'], { layers: ['shared', 'of one'] });
    const two = store.putImage('team/deep/er', 'two', ['v1'], { layers: ['shared'] });
    const bare = store.putImage('alpine', 'three', ['3']);
    const children = ['amd64', 'arm64'].map((seed) => store.putImage('team/app', seed, []));
    const index = indexOf(children);
    store.putManifest('team/app', index, 'multi');
    const report = await scene.take();
    assert.deepEqual(reasonsOf(report), []);
    assert.deepEqual(report.manifests, { taken: 6, present: 0 });
    assert.deepEqual(report.tags, { set: 5, present: 0 });
    assert.deepEqual(report.projectsMade, ['team']);
    assert.deepEqual([report.blobs.linked, report.blobs.copied], [10, 0]);
    await using registry = await scene.serve();
    await assertPulls(registry, 'team/app', 'v1', one.manifest);
    await assertPulls(registry, 'team/app', 'latest', one.manifest);
    await assertPulls(registry, 'team/deep/er', 'v1', two.manifest);
    await assertPulls(registry, 'library/alpine', '3', bare.manifest);
    await assertPulls(registry, 'team/app', 'multi', index);
    for (const { digest, manifest } of children) await assertPulls(registry, 'team/app', digest, manifest);
    const rows = await scene.place.query("select * from audit where action = 'import-artifact'");
    assert.equal(rows.length, 3);
    assert.equal(rows[0]?.['actor'], 'system:command-line');
    // What counts for the quota is what there is.
    const recount = await registry.fetch('/api/entrepot/v1/projects/team/quota/recount', {
      method: 'POST',
      as: registry.admin,
    });
    const counted = (await recount.json()) as { difference: unknown };
    assert.ok(counted.difference === 0 || !JSON.stringify(counted.difference).match(/[1-9]/), JSON.stringify(counted));
  });

  test('is taken once, however often it is asked', async () => {
    await using scene = await openImportScene(on.makePlace);
    const { store } = scene;
    for (const seed of ['a', 'b', 'c']) store.putImage('team/app', seed, [seed]);
    await scene.take();
    const before = await scene.place.query('select id, location, touched_at from blob order by id');
    const again = await scene.take();
    assert.deepEqual(again.manifests, { taken: 0, present: 3 });
    assert.deepEqual(again.tags, { set: 0, present: 3 });
    assert.deepEqual(again.blobs, { linked: 0, copied: 0 });
    assert.deepEqual(await scene.place.query('select id, location, touched_at from blob order by id'), before);
    store.putImage('team/app', 'd', ['d']);
    assert.deepEqual((await scene.take()).manifests, { taken: 1, present: 3 });
    assert.equal(Number((await scene.place.query('select count(*) as n from trash'))[0]?.['n']), 0);
  });

  test('gives a project no more than its quota', async () => {
    await using scene = await openImportScene(on.makePlace);
    const { store } = scene;
    store.putImage('small/app', 'one', ['v1'], { layers: ['x'.repeat(200_000)] });
    store.putImage('team/app', 'two', ['v1']);
    {
      await using registry = await scene.serve();
      const body = JSON.stringify({ project_name: 'small', storage_limit: 100_000 });
      const headers = { 'content-type': 'application/json' };
      await assertAnswer(
        await registry.fetch('/api/v2.0/projects', { method: 'POST', as: registry.admin, headers, body }),
        201,
      );
    }
    const report = await scene.take();
    assert.deepEqual(reasonsOf(report), ['quota-exceeded']);
    assert.deepEqual(report.manifests, { taken: 1, present: 0 });
    assert.equal((await scene.place.query('select id from blob')).length, 2);
    const blobs = join(scene.place.env['ENTREPOT_DATA'] ?? '', 'blobs', 'sha256');
    assert.equal(filesUnder(blobs).length, 2);
    assert.equal((await scene.place.query('select id from trash')).length, 0);
  });

  test('keeps the times of its tags and manifests', async () => {
    await using scene = await openImportScene(on.makePlace);
    const { digest } = scene.store.putImage('team/app', 'one', ['v1']);
    const at = Date.parse('2024-02-03T04:05:06Z');
    const under = join(scene.store.v2, 'repositories/team/app/_manifests');
    utimesSync(join(under, 'tags/v1/current/link'), at / 1000, at / 1000);
    utimesSync(join(under, 'revisions/sha256', digest.slice(7), 'link'), at / 1000, at / 1000);
    await scene.take();
    const [tag] = await scene.place.query('select pushed_at from tag');
    const [manifest] = await scene.place.query('select pushed_at from manifest');
    assert.deepEqual([Number(tag?.['pushed_at']), Number(manifest?.['pushed_at'])], [at, at]);
  });
});

test('an import goes on where it was interrupted, and leaves nothing behind', async () => {
  await using scene = await openImportScene();
  const { store } = scene;
  const images = Array.from({ length: 255 }, (_, at) => store.putImage('team/app', `${at}`, [`v${at}`]));
  const ending = new AbortController();
  const stopped = importImages(
    scene.request({
      signal: ending.signal,
      onProgress: ({ manifests }) => manifests.taken > 0 && ending.abort(new Error('enough')),
    }),
  );
  await assert.rejects(stopped, /enough/);
  const report = await scene.take();
  assert.equal(report.manifests.taken + report.manifests.present, 255);
  assert.ok(report.manifests.present >= 250, `${report.manifests.present} were there`);
  const [row] = await scene.place.query('select count(*) as n, count(distinct location) as l from blob');
  assert.deepEqual([Number(row?.['n']), Number(row?.['l'])], [510, 510]);
  const blobs = join(scene.place.env['ENTREPOT_DATA'] ?? '', 'blobs');
  assert.equal(filesUnder(join(blobs, 'sha256')).length, 510);
  await using registry = await scene.serve();
  for (const { manifest } of images.slice(247, 253)) {
    await assertPulls(registry, 'team/app', digestOf(manifest), manifest);
  }
});

test('an import leaves a tag of ours where it is unless told to move it', async () => {
  await using scene = await openImportScene();
  const { store } = scene;
  const theirs = store.putImage('library/app', 'theirs', ['v1', 'v2']);
  let ours = '';
  {
    await using registry = await scene.serve();
    ours = (await registry.pushImage('library/app', 'v1')).manifest;
  }
  const report = await scene.take();
  assert.deepEqual(reasonsOf(report), ['tag-differs']);
  {
    await using registry = await scene.serve();
    await assertPulls(registry, 'library/app', 'v1', ours);
    await assertPulls(registry, 'library/app', 'v2', theirs.manifest);
  }
  {
    await using registry = await scene.serve();
    const path = '/api/v2.0/projects/library/immutabletagrules';
    const select = (decoration: string, pattern: string) => [{ kind: 'doublestar', decoration, pattern }];
    const rule = {
      action: 'immutable',
      template: 'immutable_template',
      tag_selectors: select('matches', 'v1'),
      scope_selectors: { repository: select('repoMatches', '**') },
    };
    const json = { method: 'POST', as: registry.admin, headers: { 'content-type': 'application/json' } };
    await assertAnswer(await registry.fetch(path, { ...json, body: JSON.stringify(rule) }), 201);
  }
  const kept = await scene.take({ replaceTags: true });
  assert.deepEqual(reasonsOf(kept), ['tag-differs']);
  assert.match(kept.skipped[0]?.message ?? '', /a rule of the project keeps it/);
  await scene.place.query('delete from immutable_rule returning id');
  const moved = await scene.take({ replaceTags: true });
  assert.deepEqual([reasonsOf(moved), moved.tags.set], [[], 1]);
  await using registry = await scene.serve();
  await assertPulls(registry, 'library/app', 'v1', theirs.manifest);
});

test('a blob that a repository had and did not need counts again', async () => {
  await using scene = await openImportScene();
  const image = scene.store.putImage('team/app', 'one', ['v1']);
  await scene.take();
  {
    await using registry = await scene.serve();
    const path = `/v2/team/app/manifests/${image.digest}`;
    await assertAnswer(await registry.fetch(path, { method: 'DELETE', as: registry.admin }), 202);
  }
  const looseOf = async () =>
    (await scene.place.query('select loose from repository_blob')).map(({ loose }) => Number(loose));
  assert.deepEqual(await looseOf(), [1, 1]);
  const report = await scene.take();
  assert.deepEqual([report.manifests.taken, report.blobs.linked], [1, 0]);
  assert.deepEqual(await looseOf(), [0, 0]);
});

test('referrers come with what they refer to, and what nothing leads to only when asked', async () => {
  await using scene = await openImportScene();
  const { store } = scene;
  const image = store.putImage('team/app', 'image', ['v1']);
  const subject = { mediaType: imageType, digest: image.digest, size: image.manifest.length };
  const signature = store.putImage('team/app', 'signature', [], {
    fields: { subject, artifactType: 'application/x.sig' },
  });
  const onSignature = store.putImage('team/app', 'note', [], {
    fields: { subject: { mediaType: imageType, digest: signature.digest, size: signature.manifest.length } },
  });
  const fallback = store.putImage('team/app', 'older scheme', [`sha256-${image.digest.slice(7)}.sig`]);
  const lonely = store.putImage('team/app', 'lonely', []);
  const report = await scene.take();
  assert.deepEqual([report.manifests.taken, report.untagged, reasonsOf(report)], [4, 1, []]);
  {
    await using registry = await scene.serve();
    const list = await registry.fetch(`/v2/team/app/referrers/${image.digest}`, { as: registry.admin });
    const { manifests } = (await list.json()) as { manifests: { digest: string }[] };
    assert.deepEqual(
      manifests.map(({ digest }) => digest),
      [signature.digest],
    );
    await assertPulls(registry, 'team/app', onSignature.digest, onSignature.manifest);
    await assertPulls(registry, 'team/app', `sha256-${image.digest.slice(7)}.sig`, fallback.manifest);
    const absent = await registry.fetch(`/v2/team/app/manifests/${lonely.digest}`, { as: registry.admin });
    await assertAnswer(absent, 404);
  }
  const rest = await scene.take({ untagged: true });
  assert.deepEqual(rest.manifests, { taken: 1, present: 4 });
});

test('links are links: the old store can go, and its own garbage collection takes nothing of ours', async () => {
  await using scene = await openImportScene();
  const { store } = scene;
  const image = store.putImage('team/app', 'one', ['v1']);
  await scene.take({ how: 'link' });
  assert.equal(statSync(store.pathOf(digestOf(image.config))).nlink, 2);
  assert.equal(statSync(store.pathOf(image.digest)).nlink, 1, 'manifests go into the database');
  rmSync(store.root, { recursive: true });
  await using registry = await scene.serve();
  await assertPulls(registry, 'team/app', 'v1', image.manifest);
});

test('copies share nothing with the old store, and nobody else may read them', async () => {
  await using scene = await openImportScene();
  const { store } = scene;
  const image = store.putImage('team/app', 'one', ['v1']);
  const report = await scene.take({ how: 'copy' });
  assert.deepEqual([report.blobs, report.bytes.linked], [{ linked: 0, copied: 2 }, 0]);
  const file = store.pathOf(digestOf(image.config));
  assert.equal(statSync(file).nlink, 1);
  writeFileSync(file, 'written into');
  const blobs = filesUnder(join(scene.place.env['ENTREPOT_DATA'] ?? '', 'blobs', 'sha256'));
  for (const path of blobs) assert.equal(statSync(path).mode & 0o777, 0o640);
  await using registry = await scene.serve();
  await assertPulls(registry, 'team/app', 'v1', image.manifest);
});

test('what anybody may write to is copied, and left out where only links are wanted', async () => {
  await using scene = await openImportScene();
  const { store } = scene;
  const image = store.putImage('team/app', 'one', ['v1']);
  chmodSync(store.pathOf(digestOf(image.config)), 0o666);
  assert.deepEqual(reasonsOf(await scene.take({ how: 'link' })), ['blob-refused']);
  const report = await scene.take();
  assert.deepEqual([report.blobs, reasonsOf(report)], [{ linked: 1, copied: 1 }, []]);
});

test('a dry run says what would be taken, writes nothing and disturbs no registry', async () => {
  await using scene = await openImportScene();
  const { store } = scene;
  const broken = store.putImage('team/app', 'broken', ['broken']);
  store.putImage('team/app', 'whole', ['whole']);
  rmSync(store.pathOf(digestOf(broken.config)));
  await using registry = await scene.serve();
  const outcome = await importImages(scene.request({ dryRun: true }));
  assert.ok(outcome.kind === 'imported', JSON.stringify(outcome));
  const { manifests, blobs, dryRun } = outcome.report;
  assert.deepEqual([manifests, blobs, dryRun], [{ taken: 1, present: 0 }, { linked: 2, copied: 0 }, true]);
  assert.deepEqual(reasonsOf(outcome.report), ['blob-missing']);
  assert.deepEqual(filesUnder(join(scene.place.env['ENTREPOT_DATA'] ?? '', 'blobs', 'sha256')), []);
  await assertAnswer(await registry.fetch('/v2/team/app/tags/list', { as: registry.admin }), 404);
});

test('a registry that runs on SQLite is told to be stopped, and nothing is written', async () => {
  await using scene = await openImportScene();
  scene.store.putImage('team/app', 'one', ['v1']);
  await using _registry = await scene.serve();
  const outcome = await importImages(scene.request());
  assert.ok(
    outcome.kind === 'failed' && /Another registry runs on .*stop it/.test(outcome.message),
    JSON.stringify(outcome),
  );
});

test('what cannot be meant is refused before anything is made', async () => {
  await using scene = await openImportScene();
  const absent = await importImages(scene.request({ from: { kind: 'harbor', path: join(scene.folder, 'none') } }));
  assert.ok(absent.kind === 'faulty' && /There is no .*none/.test(absent.message));
  const empty = await importImages(scene.request({ from: { kind: 'docker-registry', path: scene.folder } }));
  assert.ok(empty.kind === 'faulty' && /docker\/registry\/v2\/repositories/.test(empty.message));
  const base = scene.request();
  const named = await importImages({ ...base, options: { ...base.options, project: 'No/Project' } });
  assert.ok(named.kind === 'faulty' && /--project No\/Project/.test(named.message));
  const nowhere = join(scene.folder, 'misspelt');
  const elsewhere = await importImages(scene.request({ env: { ENTREPOT_DATA: nowhere } }));
  assert.ok(elsewhere.kind === 'failed' && /There is no database .*misspelt/.test(elsewhere.message));
  assert.ok(!existsSync(nowhere));
});

test('names go under the project that is asked for, and only those that are wanted', async () => {
  await using scene = await openImportScene();
  const { store } = scene;
  for (const name of ['a/one', 'a/b/two', 'c/three', 'four']) store.putImage(name, name, ['v1']);
  const report = await scene.take({ project: 'old', include: ['a/**', 'four'] });
  assert.deepEqual([report.repositories, report.projectsMade], [3, ['old']]);
  const rows = await scene.place.query('select name from repository order by name');
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['old/a/b/two', 'old/a/one', 'old/four'],
  );
});

/** Writes an OCI layout: blobs by digest, and an index.json of these entries. */
function writeLayout(folder: string, blobs: readonly string[], entries: readonly object[]): void {
  for (const blob of blobs) writeFileAt(join(folder, 'blobs/sha256', digestOf(blob).slice(7)), blob);
  writeFileAt(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileAt(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: entries }));
}

const entryOf = (manifest: string, name?: string, mediaType = imageType) => ({
  mediaType,
  digest: digestOf(manifest),
  size: manifest.length,
  ...(name !== undefined && { annotations: { 'org.opencontainers.image.ref.name': name } }),
});

test('an OCI layout is taken with its names, its nested indexes and what has no name', async () => {
  await using scene = await openImportScene();
  const layout = join(scene.folder, 'layout');
  const images = ['a', 'b', 'c'].map((seed) => ({ config: `{"c":"${seed}"}`, layer: `layer ${seed}` }));
  const manifests = images.map(({ config, layer }) => imageManifest(config, [layer]));
  const inner = indexOf(manifests.slice(0, 2).map((manifest) => ({ manifest })));
  const outer = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ mediaType: 'application/vnd.oci.image.index.v1+json', digest: digestOf(inner), size: inner.length }],
  });
  const bytes = images.flatMap(({ config, layer }) => [config, layer]);
  writeLayout(
    layout,
    [...bytes, ...manifests, inner, outer],
    [
      entryOf(outer, 'docker.io/library/app:nested', 'application/vnd.oci.image.index.v1+json'),
      entryOf(manifests[0] ?? '', 'v1'),
      entryOf(manifests[2] ?? ''),
    ],
  );
  const report = await scene.take({}, { kind: 'oci-layout', path: layout, name: 'team/app' });
  assert.deepEqual([report.manifests.taken, report.tags.set, reasonsOf(report)], [5, 2, []]);
  await using registry = await scene.serve();
  await assertPulls(registry, 'team/app', 'nested', outer);
  await assertPulls(registry, 'team/app', 'v1', manifests[0] ?? '');
  for (const manifest of [...manifests, inner]) await assertPulls(registry, 'team/app', digestOf(manifest), manifest);
});

test('a folder of OCI layouts is taken by the names of its folders', async () => {
  await using scene = await openImportScene();
  const root = join(scene.folder, 'mirror');
  for (const name of ['one', 'group/two']) {
    const config = JSON.stringify({ name });
    const manifest = imageManifest(config, [name]);
    writeLayout(join(root, name), [config, name, manifest], [entryOf(manifest, 'v1')]);
  }
  writeLayout(join(root, 'broken'), [], []);
  writeFileSync(join(root, 'broken', 'index.json'), '{');
  const report = await scene.take({ project: 'mirror' }, { kind: 'oci-layout', path: root, name: undefined });
  assert.deepEqual([report.manifests.taken, reasonsOf(report)], [2, ['index-invalid']]);
  const rows = await scene.place.query('select name from repository order by name');
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['mirror/group/two', 'mirror/one'],
  );
});
