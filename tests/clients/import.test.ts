import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeClientHome } from '#support/client-home';
import { describe, digestOf, imageIndex, imageManifest, mediaType, someBytes } from '#support/content';
import { startDebianRegistry } from '#support/debian-registry';
import {
  addIndex,
  assertSameImage,
  digestInLayout,
  makeBusyboxTree,
  makeImageLayout,
  missingImageTools,
} from '#support/image-trees';
import { mustRun } from '#support/program';
import { RegistryClient } from '#support/registry-client';
import { repositoryRoot, ServerProcess } from '#support/server-process';
import { needTools } from '#support/system-tool';
import { makeTemporaryFolder } from '#support/temporary-folder';

const skip = (await needTools(['docker-registry', 'skopeo'])) ?? (await missingImageTools()) ?? false;

const entrepot = (...args: string[]) =>
  mustRun(process.execPath, ['packages/cli/src/main.ts', ...args], { cwd: repositoryRoot });

const accept = [mediaType.image, mediaType.index, mediaType.dockerImage, mediaType.dockerList].join(', ');

interface Imported {
  readonly manifests: { taken: number; present: number };
  readonly tags: { set: number; present: number };
  readonly blobs: { linked: number; copied: number };
  readonly skipped: readonly unknown[];
}

async function pushImage(client: RegistryClient, repository: string, reference: string, more: object = {}) {
  const [config, layer] = [JSON.stringify({ nonce: digestOf(someBytes(8)) }), someBytes(3000)];
  for (const bytes of [config, layer]) await client.pushBlob(repository, bytes);
  const manifest = imageManifest(describe(mediaType.config, config), [describe(mediaType.layer, layer)], more);
  await client.pushManifest(repository, reference === '' ? digestOf(manifest) : reference, manifest);
  return { manifest, digest: digestOf(manifest), layer: digestOf(layer) };
}

test('what a real docker-registry stored has the same digests here, and every image pulls', { skip }, async () => {
  await using home = await makeClientHome('import');
  await using folder = await makeTemporaryFolder('import');
  const data = join(folder.path, 'data');
  const layout = home.path('layout');
  await makeBusyboxTree(home.path('tree'));
  await makeImageLayout(layout, 'one', home.path('tree'));
  for (const architecture of ['amd64', 'arm64'])
    await makeImageLayout(layout, `multi-${architecture}`, home.path('tree'), architecture);
  await addIndex(layout, 'multi', ['amd64', 'arm64']);
  const skopeo = (...args: string[]) => mustRun('skopeo', args, { env: home.env });
  const store = join(folder.path, 'old');
  let signed: Awaited<ReturnType<typeof pushImage>>;
  let signature: Awaited<ReturnType<typeof pushImage>>;
  let deleted: Awaited<ReturnType<typeof pushImage>>;
  const digests = new Map<string, string>();
  {
    await using old = await startDebianRegistry(store);
    const host = new URL(old.origin).host;
    const to = (name: string) => `docker://${host}/${name}`;
    const plain = '--dest-tls-verify=false';
    await skopeo('copy', plain, `oci:${layout}:one`, to('team/app:v1'));
    await skopeo('copy', plain, '--format', 'v2s2', `oci:${layout}:one`, to('team/docker:v1'));
    await skopeo('copy', plain, '--all', `oci:${layout}:multi`, to('busybox:latest'));
    using client = new RegistryClient(old.origin);
    signed = await pushImage(client, 'deep/er/app', 'signed');
    const subject = describe(mediaType.image, signed.manifest);
    signature = await pushImage(client, 'deep/er/app', '', { subject });
    const list = imageIndex([describe(mediaType.image, signature.manifest)]);
    await client.pushManifest('deep/er/app', signed.digest.replace(':', '-'), list, mediaType.index);
    // A tag that moved, an image that nothing leads to any more, and one that was deleted.
    await pushImage(client, 'team/app', 'moved');
    await pushImage(client, 'team/app', 'moved');
    deleted = await pushImage(client, 'team/app', 'deleted');
    await client.expect(202, 'DELETE', `/v2/team/app/manifests/${deleted.digest}`);
    for (const name of ['team/app:v1', 'team/app:moved', 'team/docker:v1', 'busybox:latest', 'deep/er/app:signed']) {
      const [repository, tag] = name.split(':');
      const head = await client.expect(200, 'HEAD', `/v2/${repository}/manifests/${tag}`, { accept });
      digests.set(name.startsWith('busybox') ? `library/${name}` : name, head.header('docker-content-digest') ?? '');
    }
  }
  await using server = await ServerProcess.start({ data });
  await server.stop();
  const report = JSON.parse(
    await entrepot('import', 'docker-registry', store, '--data', data, '--link', '-o', 'json'),
  ) as Imported;
  assert.deepEqual(report.skipped, []);
  // one, docker's form of it, index and its two images, signed with its signature and the list of them, moved.
  assert.equal(report.manifests.taken, 9);
  assert.ok(report.blobs.linked > 0 && report.blobs.copied === 0);
  const again = JSON.parse(
    await entrepot('import', 'docker-registry', store, '--data', data, '-o', 'json'),
  ) as Imported;
  assert.deepEqual([again.manifests, again.blobs.linked], [{ taken: 0, present: 9 }, 0]);
  const blob = join(store, 'docker/registry/v2/blobs/sha256', signed.layer.slice(7, 9), signed.layer.slice(7), 'data');
  assert.equal(statSync(blob).nlink, 2);

  await server.start();
  using client = server.client();
  for (const [name, digest] of digests) {
    const [repository, tag] = name.split(':');
    const head = await client.expect(200, 'HEAD', `/v2/${repository}/manifests/${tag}`, { accept });
    assert.equal(head.header('docker-content-digest'), digest, name);
  }
  const login = ['--authfile', await home.writeLogin(server.host, server.admin)];
  const back = home.path('back');
  for (const name of ['team/app:v1', 'team/docker:v1', 'library/busybox:latest']) {
    const from = `docker://${server.host}/${name}`;
    await skopeo(
      'copy',
      ...login,
      '--src-tls-verify=false',
      '--all',
      '--preserve-digests',
      from,
      `dir:${home.path(name.replaceAll(/[/:]/g, '-'))}`,
    );
  }
  const from = `docker://${server.host}/team/app:v1`;
  await skopeo('copy', ...login, '--src-tls-verify=false', from, `oci:${back}:v1`);
  await assertSameImage(layout, back, await digestInLayout(layout, 'one'));
  const referrers = await client.expect(200, 'GET', `/v2/deep/er/app/referrers/${signed.digest}`);
  const { manifests } = referrers.json() as { manifests: { digest: string }[] };
  assert.deepEqual(
    manifests.map(({ digest }) => digest),
    [signature.digest],
  );
  await client.expect(404, 'GET', `/v2/team/app/manifests/${deleted.digest}`);
});

test('OCI layouts that skopeo wrote are taken by their names', { skip }, async () => {
  await using home = await makeClientHome('import-layout');
  await using folder = await makeTemporaryFolder('import-layout');
  const data = join(folder.path, 'data');
  const layout = home.path('layout');
  await makeBusyboxTree(home.path('tree'));
  await makeImageLayout(layout, 'one', home.path('tree'));
  const written = home.path('written');
  await mustRun('skopeo', ['copy', `oci:${layout}:one`, `oci:${written}:v1`], { env: home.env });
  await mustRun('skopeo', ['copy', `oci:${layout}:one`, `oci:${written}:v2`], { env: home.env });
  await using server = await ServerProcess.start({ data });
  await server.stop();
  const taken = await entrepot('import', 'oci-layout', written, 'library/app', '--data', data, '-o', 'json');
  const report = JSON.parse(taken) as Imported;
  assert.deepEqual([report.skipped, report.manifests.taken, report.tags.set], [[], 1, 2]);
  await server.start();
  using client = server.client();
  for (const tag of ['v1', 'v2']) {
    const head = await client.expect(200, 'HEAD', `/v2/library/app/manifests/${tag}`);
    assert.equal(head.header('docker-content-digest'), await digestInLayout(written, tag));
  }
});
