import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ClientHome, makeClientHome } from '#support/client-home';
import { type Containerd, startContainerd } from '#support/containerd';
import { digestOf } from '#support/content';
import {
  addIndex,
  digestInLayout,
  listDigests,
  makeBusyboxTree,
  makeImageLayout,
  missingImageTools,
} from '#support/image-trees';
import { mustRun } from '#support/program';
import { needTools } from '#support/system-tool';
import { useRegistry } from '#support/use-registry';

const skip =
  (await needTools(['containerd', 'ctr'])) ??
  (await missingImageTools()) ??
  (process.getuid?.() === 0 ? false : 'containerd needs root');
const registry = await useRegistry();
let home: ClientHome;
let containerd: Containerd;
let layout = '';

before(async () => {
  if (skip !== false) return;
  home = await makeClientHome('containerd');
  containerd = await startContainerd(home);
  await makeBusyboxTree(home.path('tree'));
  layout = home.path('layout');
  for (const architecture of ['amd64', 'arm64'])
    await makeImageLayout(layout, `multi-${architecture}`, home.path('tree'), architecture);
  await addIndex(layout, 'multi', ['amd64', 'arm64']);
});

after(async () => {
  await containerd?.[Symbol.asyncDispose]();
  await home?.[Symbol.asyncDispose]();
});

async function ctr(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await containerd.ctr(...args);
  assert.equal(code, 0, `ctr ${args.join(' ')}: ${stderr}`);
  return stdout;
}

function user(): string[] {
  return ['--plain-http', '--user', `${registry.admin.user}:${registry.admin.password}`];
}

test('a multi-platform image goes from one containerd to the registry and back, byte for byte', { skip }, async () => {
  const repository = registry.repository();
  const image = `${registry.host}/${repository}:multi`;
  const archive = home.path('multi.tar');
  await mustRun('tar', ['-cf', archive, '-C', layout, '.']);
  await ctr(
    'images',
    'import',
    '--all-platforms',
    '--no-unpack',
    '--base-name',
    `${registry.host}/${repository}`,
    archive,
  );
  await ctr('images', 'push', ...user(), image);
  const root = await digestInLayout(layout, 'multi');
  const head = await registry.client.expect(200, 'HEAD', `/v2/${repository}/manifests/multi`);
  assert.equal(head.header('docker-content-digest'), root);

  const digests = await listDigests(layout, root);
  for (const tag of ['multi', 'multi-amd64', 'multi-arm64'])
    await ctr('images', 'rm', '--sync', `${registry.host}/${repository}:${tag}`);
  const empty = await ctr('content', 'ls', '-q');
  assert.ok(!digests.some((digest) => empty.includes(digest)), 'nothing of the image is left here');
  await ctr('content', 'fetch', '--plain-http', '--all-platforms', image);
  for (const digest of digests) {
    // Layers are no text; containerd has verified their digests.
    assert.ok((await ctr('content', 'ls', '-q')).includes(digest), `${digest} was fetched`);
  }
  assert.equal(digestOf(await ctr('content', 'get', root)), root);
});

test('containerd pulls and unpacks an image', { skip }, async () => {
  const repository = registry.repository();
  const login = ['--authfile', await home.writeLogin(registry.host, registry.admin), '--dest-tls-verify=false'];
  const missing = await needTools(['skopeo']);
  assert.equal(missing, undefined);
  const image = `${registry.host}/${repository}:v1`;
  await mustRun('skopeo', ['copy', ...login, `oci:${layout}:multi-amd64`, `docker://${image}`], { env: home.env });
  await ctr('images', 'pull', '--plain-http', '--snapshotter', 'native', image);
  assert.match(await ctr('images', 'ls'), new RegExp(await digestInLayout(layout, 'multi-amd64')));
  assert.match(await ctr('images', 'check', '--snapshotter', 'native'), /complete/);
});

test('without a login containerd pushes nothing, and pulls nothing private', { skip }, async () => {
  const repository = registry.repository(await registry.makeProject({ public: false }));
  await registry.client.pushImage(repository, 'v1');
  const pull = await containerd.ctr('content', 'fetch', '--plain-http', `${registry.host}/${repository}:v1`);
  assert.notEqual(pull.code, 0);
  assert.match(pull.stderr, /401|authorization|unauthorized|denied/i);
  const wrong = await containerd.ctr(
    'content',
    'fetch',
    '--plain-http',
    '--user',
    'admin:wrong',
    `${registry.host}/${repository}:v1`,
  );
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stderr, /401|authorization|unauthorized|denied/i);
  await ctr('content', 'fetch', ...user(), `${registry.host}/${repository}:v1`);
});
