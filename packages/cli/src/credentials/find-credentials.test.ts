import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createTestContext } from '#testing/run-cli';
import { makeTemporaryFolder } from '#testing/temporary-folder';
import { findCredentials } from './find-credentials.ts';

const basic = (text: string) => Buffer.from(text).toString('base64');

async function writeJson(path: string, document: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(document));
}

const auths = (user: string, registry = 'r.example') => ({ auths: { [registry]: { auth: basic(`${user}:secret`) } } });

/** Puts a helper on a PATH of its own, which knows one registry. */
async function addHelper(folder: string, name: string, answer: object): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const path = join(bin, `docker-credential-${name}`);
  const text = JSON.stringify(answer);
  await writeFile(
    path,
    `#!/bin/sh\nread -r key\n[ "$1" = get ] || exit 1\n[ "$key" = r.example ] || { echo "credentials not found in native keychain"; exit 1; }\necho '${text}'\n`,
  );
  await chmod(path, 0o755);
  return `${bin}:/usr/bin:/bin`;
}

test('files are read in the order of the other tools, and the first with an entry counts', async () => {
  await using folder = await makeTemporaryFolder();
  const home = folder.path;
  const env = { HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), DOCKER_CONFIG: join(home, 'docker') };
  const { context } = createTestContext({ env });
  const places: readonly [string, string][] = [
    ['.dockercfg', 'legacy'],
    ['docker/config.json', 'docker'],
    ['.config/containers/auth.json', 'containers'],
    ['run/containers/auth.json', 'runtime'],
  ];
  assert.equal(await findCredentials({ registry: 'r.example' }, context), undefined);
  for (const [path, user] of places) {
    const document = auths(user);
    await writeJson(join(home, path), user === 'legacy' ? document.auths : document);
    const found = await findCredentials({ registry: 'r.example' }, context);
    assert.deepEqual(found, { kind: 'password', username: user, password: 'secret' });
  }
});

test('a file without an entry for the registry passes the question on', async () => {
  await using folder = await makeTemporaryFolder();
  await writeJson(join(folder.path, '.config/containers/auth.json'), auths('other', 'o.example'));
  await writeJson(join(folder.path, '.docker/config.json'), auths('docker'));
  const { context } = createTestContext({ env: { HOME: folder.path } });
  const found = await findCredentials({ registry: 'r.example' }, context);
  assert.equal(found?.kind === 'password' && found.username, 'docker');
});

test('a named file is the only one that is read', async () => {
  await using folder = await makeTemporaryFolder();
  await writeJson(join(folder.path, '.docker/config.json'), auths('docker'));
  const named = join(folder.path, 'mine.json');
  await writeJson(named, {});
  const { context } = createTestContext({ env: { HOME: folder.path } });
  assert.equal(await findCredentials({ registry: 'r.example', authfile: named }, context), undefined);
  const { context: other } = createTestContext({ env: { HOME: folder.path, REGISTRY_AUTH_FILE: named } });
  assert.equal(await findCredentials({ registry: 'r.example' }, other), undefined);
});

test('the credentials of the namespace win over those of the host', async () => {
  await using folder = await makeTemporaryFolder();
  const document = { auths: { ...auths('host').auths, ...auths('team', 'r.example/team').auths } };
  await writeJson(join(folder.path, '.config/containers/auth.json'), document);
  const { context } = createTestContext({ env: { HOME: folder.path } });
  const found = await findCredentials({ registry: 'r.example', repository: 'team/app' }, context);
  assert.equal(found?.kind === 'password' && found.username, 'team');
});

test('identity and registry tokens are told apart from passwords', async () => {
  await using folder = await makeTemporaryFolder();
  const document = { auths: { 'i.example': { identitytoken: 'refresh' }, 'b.example': { registrytoken: 'bearer' } } };
  await writeJson(join(folder.path, '.docker/config.json'), document);
  const { context } = createTestContext({ env: { HOME: folder.path } });
  assert.deepEqual(await findCredentials({ registry: 'i.example' }, context), {
    kind: 'identity-token',
    token: 'refresh',
  });
  assert.deepEqual(await findCredentials({ registry: 'b.example' }, context), {
    kind: 'registry-token',
    token: 'bearer',
  });
});

test('a credential helper for the registry is asked before the file', async () => {
  await using folder = await makeTemporaryFolder();
  const PATH = await addHelper(folder.path, 'vault', { ServerURL: 'r.example', Username: 'ana', Secret: 's3cret' });
  await writeJson(join(folder.path, '.docker/config.json'), {
    ...auths('file'),
    credHelpers: { 'r.example': 'vault' },
  });
  const { context } = createTestContext({ env: { HOME: folder.path, PATH } });
  const found = await findCredentials({ registry: 'r.example' }, context);
  assert.deepEqual(found, { kind: 'password', username: 'ana', password: 's3cret' });
});

test('a helper that answers with a token gives an identity token', async () => {
  await using folder = await makeTemporaryFolder();
  const PATH = await addHelper(folder.path, 'vault', { Username: '<token>', Secret: 'refresh' });
  await writeJson(join(folder.path, '.docker/config.json'), { credsStore: 'vault' });
  const { context } = createTestContext({ env: { HOME: folder.path, PATH } });
  assert.deepEqual(await findCredentials({ registry: 'r.example' }, context), {
    kind: 'identity-token',
    token: 'refresh',
  });
  assert.equal(await findCredentials({ registry: 'o.example' }, context), undefined);
});

test('a helper that is not installed is warned about, and the file still counts', async () => {
  await using folder = await makeTemporaryFolder();
  await writeJson(join(folder.path, '.docker/config.json'), { ...auths('file'), credsStore: 'desktop' });
  const { context, stderr } = createTestContext({ env: { HOME: folder.path, PATH: '/nonexistent' } });
  const found = await findCredentials({ registry: 'r.example' }, context);
  assert.equal(found?.kind === 'password' && found.username, 'file');
  assert.match(
    stderr(),
    /^warning: the credential helper docker-credential-desktop is not installed; .*config\.json names it\.\n$/,
  );
});

test('a damaged file is named, and not passed over', async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, '.docker/config.json');
  await mkdir(dirname(path));
  await writeFile(path, '{"auths":');
  const { context } = createTestContext({ env: { HOME: folder.path } });
  await assert.rejects(findCredentials({ registry: 'r.example' }, context), {
    name: 'CredentialError',
    message: `${path} is not JSON`,
  });
});

test('a helper name cannot lead to another program', async () => {
  await using folder = await makeTemporaryFolder();
  await writeJson(join(folder.path, '.docker/config.json'), { credsStore: '../evil' });
  const { context } = createTestContext({ env: { HOME: folder.path } });
  await assert.rejects(findCredentials({ registry: 'r.example' }, context), { name: 'CredentialError' });
});
