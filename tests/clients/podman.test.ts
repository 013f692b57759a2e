import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { type ClientHome, makeClientHome } from '#support/client-home';
import { makeBusyboxTree, makeImageLayout, missingImageTools, readTree } from '#support/image-trees';
import { type Outcome, runProgram } from '#support/program';
import { needTools } from '#support/system-tool';
import { useRegistry } from '#support/use-registry';

const skip =
  (await needTools(['podman'])) ??
  (await missingImageTools()) ??
  (process.getuid?.() === 0 ? false : 'podman without user namespaces needs root');
const registry = await useRegistry();
let home: ClientHome;
let login: string[] = [];

before(async () => {
  if (skip !== false) return;
  home = await makeClientHome('podman');
  await makeBusyboxTree(home.path('tree'));
  for (const architecture of ['amd64', 'arm64']) {
    await makeImageLayout(home.path('layout'), architecture, home.path('tree'), architecture);
  }
  login = ['--authfile', await home.writeLogin(registry.host, registry.admin), '--tls-verify=false'];
});

after(() => home?.[Symbol.asyncDispose]());

/** Runs podman in a store of its own, one for each name. */
function tryPodman(store: string, ...args: string[]): Promise<Outcome> {
  const own = [
    '--root',
    home.path(store, 'root'),
    '--runroot',
    home.path(store, 'run'),
    '--tmpdir',
    home.path(store, 'tmp'),
  ];
  const quiet = ['--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--events-backend', 'none'];
  return runProgram('podman', [...own, ...quiet, ...args], { env: home.env });
}

async function podman(store: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await tryPodman(store, ...args);
  assert.equal(code, 0, `podman ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** Loads the image of one architecture into a store; answers with its id. */
async function load(store: string, architecture: string): Promise<string> {
  return (await podman(store, 'pull', '-q', `oci:${home.path('layout')}:${architecture}`)).split('\n').at(-1) ?? '';
}

for (const format of ['oci', 'v2s2'] as const) {
  test(`an image pushed as ${format} and pulled into an empty store is the same`, { skip }, async () => {
    const image = `${registry.host}/${registry.repository()}:v1`;
    const id = await load('store', 'amd64');
    const digestFile = home.path(`digest-${format}`);
    await podman('store', 'push', ...login, '--format', format, '--digestfile', digestFile, id, image);
    const digest = (await readFile(digestFile, 'utf8')).trim();
    const fresh = `fresh-${format}`;
    await podman(fresh, 'pull', '-q', '--tls-verify=false', image);
    assert.equal(await podman(fresh, 'inspect', '--format', '{{.Digest}}', image), digest);
    const folder = await podman(fresh, 'image', 'mount', image);
    assert.deepEqual(await readTree(folder), await readTree(home.path('tree')));
    await podman(fresh, 'image', 'umount', '--all');
    await podman(fresh, 'pull', '-q', '--tls-verify=false', image.replace(/:v1$/, `@${digest}`));
  });
}

test('an image pushed again under another tag is pushed without its layers', { skip }, async () => {
  const repository = registry.repository();
  const id = await load('store', 'amd64');
  for (const tag of ['one', 'two'])
    await podman('store', 'push', ...login, id, `${registry.host}/${repository}:${tag}`);
  const answer = await registry.client.expect(200, 'GET', `/v2/${repository}/tags/list`);
  assert.deepEqual(answer.json(), { name: repository, tags: ['one', 'two'] });
});

test('a manifest list of two platforms goes in, and each platform comes out', { skip }, async () => {
  const image = `${registry.host}/${registry.repository()}:multi`;
  await podman('lists', 'manifest', 'create', 'list');
  for (const architecture of ['amd64', 'arm64']) {
    await podman('lists', 'manifest', 'add', 'list', `oci:${home.path('layout')}:${architecture}`);
  }
  await podman('lists', 'manifest', 'push', '--all', ...login, 'list', `docker://${image}`);
  for (const architecture of ['amd64', 'arm64']) {
    const store = `of-${architecture}`;
    await podman(store, 'pull', '-q', '--tls-verify=false', '--arch', architecture, image);
    assert.equal(await podman(store, 'inspect', '--format', '{{.Architecture}}', image), architecture);
  }
});

test('podman logs in with the right password and is told when it is wrong', { skip }, async () => {
  const file = ['--authfile', home.path('podman-login.json'), '--tls-verify=false'];
  const right = await tryPodman(
    'store',
    'login',
    ...file,
    '-u',
    registry.admin.user,
    '-p',
    registry.admin.password,
    registry.host,
  );
  assert.equal(right.code, 0, right.stderr);
  assert.match(right.stdout, /Login Succeeded/);
  const wrong = await tryPodman('store', 'login', ...file, '-u', registry.admin.user, '-p', 'wrong', registry.host);
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stderr, /invalid username\/password|unauthorized|authentication required/i);
});

test('without a login podman pushes nothing', { skip }, async () => {
  const id = await load('store', 'amd64');
  const push = await tryPodman(
    'store',
    'push',
    '--tls-verify=false',
    id,
    `${registry.host}/${registry.repository()}:v1`,
  );
  assert.notEqual(push.code, 0);
  assert.match(push.stderr, /unauthorized|authentication required|denied/i);
});

test('podman finds the repositories of the registry', { skip }, async () => {
  const repository = registry.repository();
  await registry.client.pushImage(repository, 'v1');
  const tags = await podman('store', 'search', ...login, '--list-tags', `${registry.host}/${repository}`);
  assert.match(tags, new RegExp(`${registry.host}/${repository} +v1$`));
});
