import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ClientHome, makeClientHome } from '#support/client-home';
import {
  addIndex,
  assertSameImage,
  digestInLayout,
  makeBusyboxTree,
  makeImageLayout,
  missingImageTools,
} from '#support/image-trees';
import { mustRun, type Outcome, runProgram } from '#support/program';
import { needTools } from '#support/system-tool';
import { useRegistry } from '#support/use-registry';

const skip = (await needTools(['skopeo'])) ?? (await missingImageTools()) ?? false;
const registry = await useRegistry();
let home: ClientHome;
let layout = '';
let login: string[] = [];

before(async () => {
  if (skip !== false) return;
  home = await makeClientHome('skopeo');
  await makeBusyboxTree(home.path('tree'));
  layout = home.path('layout');
  await makeImageLayout(layout, 'one', home.path('tree'));
  for (const architecture of ['amd64', 'arm64'])
    await makeImageLayout(layout, `multi-${architecture}`, home.path('tree'), architecture);
  await addIndex(layout, 'multi', ['amd64', 'arm64']);
  login = ['--authfile', await home.writeLogin(registry.host, registry.admin)];
});

after(() => home?.[Symbol.asyncDispose]());

const plain = ['--src-tls-verify=false'];
const plainTo = ['--dest-tls-verify=false'];

function skopeo(...args: string[]): Promise<string> {
  return mustRun('skopeo', args, { env: home.env });
}

function trySkopeo(...args: string[]): Promise<Outcome> {
  return runProgram('skopeo', args, { env: home.env });
}

function address(repository: string, tag: string): string {
  return `docker://${registry.host}/${repository}:${tag}`;
}

test('an image copied there and back is the same to the byte', { skip }, async () => {
  const repository = registry.repository();
  await skopeo('copy', ...login, ...plainTo, `oci:${layout}:one`, address(repository, 'v1'));
  const root = await digestInLayout(layout, 'one');
  const head = await registry.client.expect(200, 'HEAD', `/v2/${repository}/manifests/v1`);
  assert.equal(head.header('docker-content-digest'), root);
  await skopeo('copy', ...plain, address(repository, 'v1'), `oci:${home.path('back')}:v1`);
  assert.equal(await digestInLayout(home.path('back'), 'v1'), root);
  await assertSameImage(layout, home.path('back'), root);
});

test('a multi-platform image copied there and back with all its platforms is the same to the byte', {
  skip,
}, async () => {
  const repository = registry.repository();
  const root = await digestInLayout(layout, 'multi');
  await skopeo(
    'copy',
    '--all',
    '--preserve-digests',
    ...login,
    ...plainTo,
    `oci:${layout}:multi`,
    address(repository, 'all'),
  );
  const raw = await skopeo('inspect', '--raw', '--tls-verify=false', address(repository, 'all'));
  assert.equal((JSON.parse(raw) as { manifests: unknown[] }).manifests.length, 2);
  const back = home.path('back-all');
  await skopeo('copy', '--all', '--preserve-digests', ...plain, address(repository, 'all'), `oci:${back}:all`);
  assert.equal(await digestInLayout(back, 'all'), root);
  await assertSameImage(layout, back, root);
  await skopeo('copy', ...plain, '--override-arch=arm64', address(repository, 'all'), `oci:${home.path('arm')}:one`);
});

test('a copy from one repository to another mounts what is there', { skip }, async () => {
  const [source, target] = [registry.repository(), registry.repository()];
  await skopeo('copy', ...login, ...plainTo, `oci:${layout}:one`, address(source, 'v1'));
  await skopeo('copy', ...login, ...plain, ...plainTo, address(source, 'v1'), address(target, 'v2'));
  const head = await registry.client.expect(200, 'HEAD', `/v2/${target}/manifests/v2`);
  assert.equal(head.header('docker-content-digest'), await digestInLayout(layout, 'one'));
});

test('an image goes in as a Docker archive and in the Docker format', { skip }, async () => {
  const repository = registry.repository();
  const archive = home.path('image.tar');
  await skopeo('copy', `oci:${layout}:one`, `docker-archive:${archive}:example/one:v1`);
  await skopeo('copy', ...login, ...plainTo, `docker-archive:${archive}`, address(repository, 'docker'));
  await skopeo('copy', '--format=v2s2', ...login, ...plainTo, `oci:${layout}:one`, address(repository, 'v2s2'));
  for (const tag of ['docker', 'v2s2']) {
    const raw = JSON.parse(await skopeo('inspect', '--raw', '--tls-verify=false', address(repository, tag))) as {
      mediaType: string;
    };
    assert.equal(raw.mediaType, 'application/vnd.docker.distribution.manifest.v2+json');
  }
  await skopeo(
    'copy',
    ...plain,
    address(repository, 'docker'),
    `docker-archive:${home.path('back.tar')}:example/one:v1`,
  );
});

test('an image is looked at, its tags are listed, and it is deleted', { skip }, async () => {
  const repository = registry.repository();
  for (const tag of ['a', 'b'])
    await skopeo('copy', ...login, ...plainTo, `oci:${layout}:one`, address(repository, tag));
  const seen = JSON.parse(await skopeo('inspect', '--tls-verify=false', address(repository, 'a'))) as Record<
    string,
    unknown
  >;
  assert.equal(seen['Digest'], await digestInLayout(layout, 'one'));
  assert.deepEqual(seen['RepoTags'], ['a', 'b']);
  assert.equal(seen['Architecture'], 'amd64');
  const list = JSON.parse(
    await skopeo('list-tags', '--tls-verify=false', `docker://${registry.host}/${repository}`),
  ) as Record<string, unknown>;
  assert.deepEqual(list['Tags'], ['a', 'b']);
  await skopeo('delete', ...login, '--tls-verify=false', address(repository, 'a'));
  const gone = await trySkopeo('inspect', '--tls-verify=false', address(repository, 'a'));
  assert.notEqual(gone.code, 0);
  assert.match(gone.stderr, /manifest unknown/i);
});

test('skopeo logs in with the right password and is told when it is wrong', { skip }, async () => {
  const file = ['--authfile', home.path('new-login.json'), '--tls-verify=false'];
  const right = await trySkopeo(
    'login',
    ...file,
    '-u',
    registry.admin.user,
    '-p',
    registry.admin.password,
    registry.host,
  );
  assert.equal(right.code, 0, right.stderr);
  const wrong = await trySkopeo('login', ...file, '-u', registry.admin.user, '-p', 'wrong', registry.host);
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stderr, /invalid username\/password|unauthorized|authentication required/i);
  const bad = ['--authfile', await home.writeLogin(registry.host, { user: 'nobody', password: 'wrong' })];
  const push = await trySkopeo('copy', ...bad, ...plainTo, `oci:${layout}:one`, address(registry.repository(), 'v1'));
  assert.notEqual(push.code, 0);
  assert.match(push.stderr, /unauthorized|authentication required|invalid username\/password|denied/i);
});

test('without a login nothing is pushed, and of private projects nothing is pulled', { skip }, async () => {
  const repository = registry.repository(await registry.makeProject({ public: false }));
  const push = await trySkopeo('copy', ...plainTo, `oci:${layout}:one`, address(repository, 'v1'));
  assert.notEqual(push.code, 0);
  assert.match(push.stderr, /unauthorized|authentication required|denied/i);
  await skopeo('copy', ...login, ...plainTo, `oci:${layout}:one`, address(repository, 'v1'));
  const pull = await trySkopeo('copy', ...plain, address(repository, 'v1'), `oci:${home.path('stolen')}:v1`);
  assert.notEqual(pull.code, 0);
  await skopeo('copy', ...login, ...plain, address(repository, 'v1'), `oci:${home.path('mine')}:v1`);
});
