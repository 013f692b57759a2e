import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createTestContext } from '#testing/run-cli';
import { makeTemporaryFolder } from '#testing/temporary-folder';
import { findCredentials } from './find-credentials.ts';
import { forgetCredentials } from './forget-credentials.ts';
import { keepCredentials } from './keep-credentials.ts';

const ana = { registry: 'r.example', username: 'ana', password: 'p:ä' };

test('credentials go to the first place when there is no file yet, for nobody else to read', async () => {
  await using folder = await makeTemporaryFolder();
  const { context } = createTestContext({ env: { HOME: folder.path } });
  const place = await keepCredentials(ana, context);
  assert.equal(place, join(folder.path, '.config/containers/auth.json'));
  assert.equal((await stat(place)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(dirname(place)), ['auth.json']);
  assert.deepEqual(await findCredentials({ registry: 'r.example' }, context), {
    kind: 'password',
    username: 'ana',
    password: 'p:ä',
  });
});

test('credentials go to the file there is, which keeps everything else it says', async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, '.docker/config.json');
  await mkdir(dirname(path));
  const before = {
    auths: { 'o.example': { auth: 'eDp5' }, 'https://r.example/v1/': { auth: 'b2xkOm9sZA==' } },
    detachKeys: 'ctrl-e',
  };
  await writeFile(path, JSON.stringify(before, undefined, 4), { mode: 0o644 });
  const { context } = createTestContext({ env: { HOME: folder.path } });
  assert.equal(await keepCredentials(ana, context), path);
  const text = await readFile(path, 'utf8');
  assert.deepEqual(JSON.parse(text), {
    auths: { 'o.example': { auth: 'eDp5' }, 'r.example': { auth: Buffer.from('ana:p:ä').toString('base64') } },
    detachKeys: 'ctrl-e',
  });
  assert.match(text, /^\{\n {4}"auths"/);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a file that is a link stays one', async () => {
  await using folder = await makeTemporaryFolder();
  const real = join(folder.path, 'real.json');
  const path = join(folder.path, '.docker/config.json');
  await writeFile(real, '{}');
  await mkdir(dirname(path));
  await symlink(real, path);
  const { context } = createTestContext({ env: { HOME: folder.path } });
  await keepCredentials(ana, context);
  assert.match(await readFile(real, 'utf8'), /r\.example/);
});

test('credentials go to the helper where one is set up, and only a mark to the file', async () => {
  await using folder = await makeTemporaryFolder();
  const bin = join(folder.path, 'bin');
  const kept = join(folder.path, 'kept');
  await mkdir(bin);
  const script = `#!/bin/sh
case $1 in
  store) cat > ${kept} ;;
  get) [ -s ${kept} ] && cat ${kept} || { echo "credentials not found in native keychain"; exit 1; } ;;
  erase) rm ${kept} ;;
esac
`;
  await writeFile(join(bin, 'docker-credential-test'), script);
  await chmod(join(bin, 'docker-credential-test'), 0o755);
  const path = join(folder.path, '.docker/config.json');
  await mkdir(dirname(path));
  await writeFile(path, '{"credsStore":"test"}');
  const { context } = createTestContext({ env: { HOME: folder.path, PATH: `${bin}:/usr/bin:/bin` } });

  assert.equal(await keepCredentials(ana, context), 'docker-credential-test');
  assert.deepEqual(JSON.parse(await readFile(kept, 'utf8')), {
    ServerURL: 'r.example',
    Username: 'ana',
    Secret: 'p:ä',
  });
  assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), { credsStore: 'test', auths: { 'r.example': {} } });

  const forgotten = await forgetCredentials({ registry: 'r.example' }, context);
  assert.deepEqual(forgotten, [{ registry: 'r.example', place: 'docker-credential-test' }]);
  assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), { credsStore: 'test', auths: {} });
});

test('a user name with a colon is refused: it could not be read back', async () => {
  await using folder = await makeTemporaryFolder();
  const { context } = createTestContext({ env: { HOME: folder.path } });
  await assert.rejects(keepCredentials({ ...ana, username: 'a:b' }, context), { name: 'CredentialError' });
});

test('logging out forgets the credentials in every file, and nothing else', async () => {
  await using folder = await makeTemporaryFolder();
  const files = [join(folder.path, '.config/containers/auth.json'), join(folder.path, '.docker/config.json')];
  for (const file of files) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify({ auths: { 'r.example': { auth: 'eDp5' }, 'o.example': { auth: 'eDp5' } } }));
  }
  const { context } = createTestContext({ env: { HOME: folder.path } });
  const forgotten = await forgetCredentials({ registry: 'r.example' }, context);
  assert.deepEqual(
    forgotten,
    files.map((place) => ({ registry: 'r.example', place })),
  );
  for (const file of files) {
    assert.deepEqual(Object.keys(JSON.parse(await readFile(file, 'utf8')).auths), ['o.example']);
  }
  assert.deepEqual(await forgetCredentials({ registry: 'r.example' }, context), []);
  assert.equal((await forgetCredentials({ registry: undefined }, context)).length, 2);
});
