import assert from 'node:assert/strict';
import { rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { indexOf, writeFileAt } from '@entrepot/oci/testing/distribution-store';
import { assertPulls, openImportScene, reasonsOf } from '#testing/import-scene';
import { digestOf } from '#testing/test-registry';
import { importImages } from './import.ts';

test('damaged and missing bytes are listed, and what needs them is not taken, nor what names that', async () => {
  await using scene = await openImportScene();
  const { store } = scene;
  const good = store.putImage('team/app', 'good', ['good']);
  const flipped = store.putImage('team/app', 'flipped', ['flipped']);
  const cut = store.putImage('team/app', 'cut', ['cut']);
  const gone = store.putImage('team/app', 'gone', ['gone']);
  const lost = store.putImage('team/app', 'lost', ['lost']);
  const wrong = store.putImage('team/app', 'wrong', ['wrong']);
  store.putManifest('team/app', indexOf([good, flipped]), 'multi');
  writeFileSync(store.pathOf(digestOf(flipped.layers[0] ?? '')), 'layer of flippeD');
  truncateSync(store.pathOf(digestOf(cut.config)), 3);
  rmSync(store.pathOf(digestOf(gone.layers[0] ?? '')));
  rmSync(store.pathOf(lost.digest));
  writeFileSync(store.pathOf(wrong.digest), good.manifest);
  const report = await scene.take();
  assert.deepEqual(
    report.skipped.map(({ reference, reason }) => `${reference} ${reason}`).toSorted(),
    [
      'cut blob-corrupt',
      'flipped blob-corrupt',
      'gone blob-missing',
      'lost manifest-missing',
      'multi child-not-taken',
      'wrong manifest-missing',
      `${lost.digest} manifest-missing`,
      `${wrong.digest} manifest-corrupt`,
    ].toSorted(),
  );
  assert.deepEqual(report.manifests, { taken: 1, present: 0 });
  const sparse = await scene.take({ sparse: true });
  assert.ok(!reasonsOf(sparse).includes('child-not-taken'));
  await using registry = await scene.serve();
  await assertPulls(registry, 'team/app', 'good', good.manifest);
  await assertAnswer(await registry.fetch('/v2/team/app/manifests/flipped', { as: registry.admin }), 404);
});

test('a layer is taken unread where digests are trusted', async () => {
  await using scene = await openImportScene();
  const image = scene.store.putImage('team/app', 'one', ['v1']);
  writeFileSync(scene.store.pathOf(digestOf(image.layers[0] ?? '')), 'layer of onE');
  assert.deepEqual(reasonsOf(await scene.take()), ['blob-corrupt']);
  assert.deepEqual(reasonsOf(await scene.take({ trustDigests: true })), []);
});

test('a hostile store leads nowhere but to a list of what was left out', async () => {
  await using scene = await openImportScene();
  const { store, folder } = scene;
  const good = store.putImage('team/app', 'good', ['good']);
  const repositories = join(store.v2, 'repositories');
  const tags = join(repositories, 'team/app/_manifests/tags');
  const secret = join(folder, 'secret');
  writeFileAt(secret, good.digest);
  // Links out of the store, in every place.
  const linked = store.putImage('team/app', 'linked', ['linked']);
  rmSync(store.pathOf(digestOf(linked.config)));
  writeFileAt(join(folder, 'elsewhere'), linked.config);
  symlinkSync(join(folder, 'elsewhere'), store.pathOf(digestOf(linked.config)));
  writeFileAt(join(tags, 'aside', 'current', 'x'), '');
  symlinkSync(secret, join(tags, 'aside', 'current', 'link'));
  symlinkSync(join(tags, 'good'), join(tags, 'good-too'));
  symlinkSync('/', join(repositories, 'root'));
  symlinkSync(join(repositories, 'team'), join(repositories, 'loop'));
  // Paths and sizes in links.
  writeFileAt(join(tags, 'climbing/current/link'), 'sha256:../../../../../../../../etc/passwd');
  writeFileAt(join(tags, 'huge/current/link'), 'x'.repeat(5_000_000));
  writeFileAt(join(tags, 'empty/current/link'), '');
  store.tag('team/app', '.hidden', good.digest);
  store.tag('team/app', 'points-nowhere', digestOf('nothing'));
  writeFileAt(join(repositories, `team/app/_manifests/revisions/sha256/${'0'.repeat(63)}/link`), good.digest);
  // Names.
  store.putImage('Team/App', 'capital', ['v1']);
  store.putImage('a..b/c', 'dots', ['v1']);
  store.putImage(`long/${'x'.repeat(200)}/${'y'.repeat(100)}`, 'long', ['v1']);
  // A manifest as large as a layer, and one that is no manifest at all.
  store.putManifest('team/app', JSON.stringify({ schemaVersion: 2, padding: 'x'.repeat(6_000_000) }), 'large');
  const hole = digestOf('a hole');
  writeFileAt(store.pathOf(hole), '');
  truncateSync(store.pathOf(hole), 100 * 1024 * 1024);
  writeFileAt(join(repositories, `team/app/_manifests/revisions/sha256/${hole.slice(7)}/link`), hole);
  store.tag('team/app', 'hole', hole);
  store.putManifest('team/app', 'not JSON', 'text');
  store.putManifest('team/app', JSON.stringify({ schemaVersion: 1, name: 'old', tag: 'v1' }), 'schema1');
  const memory = process.memoryUsage.rss();
  const report = await scene.take();
  assert.ok(process.memoryUsage.rss() - memory < 300 * 1024 * 1024);
  assert.deepEqual(report.manifests, { taken: 1, present: 0 });
  const seen = new Set(
    report.skipped.map(({ repository, reference, reason }) => `${repository} ${reference} ${reason}`),
  );
  for (const wanted of [
    'team/app linked symbolic-link',
    'team/app aside symbolic-link',
    'team/app good-too symbolic-link',
    'root  symbolic-link',
    'loop  symbolic-link',
    'team/app climbing link-invalid',
    'team/app huge too-large',
    'team/app empty link-invalid',
    'team/app .hidden tag-invalid',
    'team/app points-nowhere manifest-missing',
    `team/app sha256:${'0'.repeat(63)} link-invalid`,
    'Team  name-invalid',
    'a..b  name-invalid',
    'team/app large manifest-missing',
    `team/app ${hole} too-large`,
    'team/app hole manifest-missing',
    'team/app text manifest-missing',
    'team/app schema1 manifest-missing',
  ]) {
    assert.ok(seen.has(wanted), `${wanted}\n${[...seen].join('\n')}`);
  }
  assert.ok([...seen].some((line) => line.startsWith('long') && line.endsWith(' name-invalid')));
  assert.ok([...seen].some((line) => line.endsWith(' schema1')));
  await using registry = await scene.serve();
  await assertPulls(registry, 'team/app', 'good', good.manifest);
});

test('a store that changes meanwhile costs what changed, and nothing else', async () => {
  await using scene = await openImportScene();
  const { store } = scene;
  const images = Array.from({ length: 253 }, (_, at) => store.putImage('team/app', `${at}`, [`v${at}`]));
  let changed = false;
  const base = scene.request();
  const outcome = await importImages({
    ...base,
    onProgress() {
      if (changed) return;
      changed = true;
      const [first, second, third] = images.slice(-3);
      rmSync(store.pathOf(digestOf(first?.config ?? '')));
      writeFileSync(store.pathOf(digestOf(second?.config ?? '')), 'others');
      if (third !== undefined)
        rmSync(join(store.v2, 'blobs', 'sha256', third.digest.slice(7, 9), third.digest.slice(7)), { recursive: true });
    },
  });
  assert.ok(outcome.kind === 'imported');
  const { report } = outcome;
  assert.ok(report.manifests.taken >= 250, JSON.stringify(report.skippedTotal));
  for (const reason of reasonsOf(report)) assert.match(reason, /^(blob-missing|blob-corrupt|manifest-missing)$/);
});
