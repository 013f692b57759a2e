import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { runCli } from '#testing/run-cli';
import { makeTemporaryFolder } from '#testing/temporary-folder';

for (const kind of ['basic', 'bearer'] as const) {
  test(`credentials are proved to a registry that asks by ${kind}, kept, and used from then on`, async () => {
    await using double = await startRegistryDouble({ auth: { kind, username: 'ana', password: 'secret' } });
    await using folder = await makeTemporaryFolder();
    const env = { HOME: folder.path };
    const args = ['login', double.host, '-u', 'ana', '--password-stdin'];
    const wrong = await runCli(args, { env, stdin: 'wrong\n' });
    assert.equal(wrong.code, 4);
    assert.match(wrong.stderr, new RegExp(`error: ${double.host} refuses the user ana: `));
    assert.equal((await runCli(['ls', double.host], { env })).code, 4);

    const right = await runCli(args, { env, stdin: 'secret\n' });
    const place = join(folder.path, '.config/containers/auth.json');
    assert.equal(right.stdout, `Logged in to ${double.host} as ana; kept in ${place}.\n`, right.stderr);
    assert.equal((await runCli(['ls', double.host], { env })).code, 0);

    const out = await runCli(['logout', double.host], { env });
    assert.equal(out.stdout, `Logged out of ${double.host}; removed from ${place}.\n`);
    assert.equal((await runCli(['ls', double.host], { env })).code, 4);
    assert.equal(
      (await runCli(['logout', double.host], { env })).stdout,
      `There were no credentials for ${double.host}.\n`,
    );
  });
}

test('the variables log in too, and the report is for scripts', async () => {
  await using double = await startRegistryDouble({ auth: { kind: 'basic', username: 'ana', password: 'secret' } });
  await using folder = await makeTemporaryFolder();
  const authfile = join(folder.path, 'auth.json');
  const env = { ENTREPOT_HOST: double.host, ENTREPOT_USERNAME: 'ana', ENTREPOT_PASSWORD: 'secret' };
  const ran = await runCli(['login', '--authfile', authfile, '-o', 'json'], { env });
  assert.deepEqual(JSON.parse(ran.stdout), { registry: double.host, username: 'ana', kept: authfile });
  assert.deepEqual(Object.keys(JSON.parse(await readFile(authfile, 'utf8')).auths), [double.host]);
});

test('a registry that does not ask leaves the credentials unproved, and that is said', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  const args = ['login', double.host, '-u', 'ana', '--password-stdin', '--authfile', join(folder.path, 'a.json')];
  const ran = await runCli(args, { stdin: 'any' });
  assert.equal(ran.code, 0);
  assert.match(ran.stderr, /^warning: .* did not ask for credentials/);
});

test('a refresh token in the file is exchanged at the token server', async () => {
  const auth = { kind: 'bearer', username: 'ana', password: 'secret', identityToken: 'refresh' } as const;
  await using double = await startRegistryDouble({ auth });
  await using folder = await makeTemporaryFolder();
  await mkdir(join(folder.path, '.docker'));
  const document = { auths: { [double.host]: { identitytoken: 'refresh' } } };
  await writeFile(join(folder.path, '.docker/config.json'), JSON.stringify(document));
  assert.equal((await runCli(['ls', double.host], { env: { HOME: folder.path } })).code, 0);
});

test('without a terminal, what is missing is asked for in words', async () => {
  const ran = await runCli(['login', 'localhost:1']);
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /--password-stdin/);
  assert.match((await runCli(['login'])).stderr, /no registry is named/);
  assert.equal((await runCli(['logout', 'r.example', '--all'])).code, 2);
});
