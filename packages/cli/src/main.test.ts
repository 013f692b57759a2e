import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { randomImage, randomIndex, randomReferrer } from '@entrepot/oci/testing/random-image';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { type CliChild, startCli } from '#testing/run-child';
import { makeTemporaryFolder } from '#testing/temporary-folder';
import { version } from '#src/version';

const password = 'Correct-horse-7-battery';

/** The registry as the command serves it, and its address. */
async function startServer(data: string): Promise<CliChild & { readonly host: string }> {
  const child = startCli(['serve', '--listen', '127.0.0.1:0', '--data', data, '--log-level', 'info'], {
    env: { ENTREPOT_ADMIN_PASSWORD: password },
  });
  const [, host = ''] = await child.waitFor(/"address":"http:\/\/([^"]+)"/);
  return { ...child, host };
}

test('a whole working day with the registry that the command serves', async () => {
  await using folder = await makeTemporaryFolder();
  await using server = await startServer(join(folder.path, 'data'));
  await using double = await startRegistryDouble();
  const env = { HOME: folder.path };
  const { host } = server;
  const run = async (args: readonly string[], stdin?: string) => {
    await using child = startCli(args, stdin === undefined ? { env } : { env, stdin });
    const code = await child.ended;
    return { code, stdout: child.stdout(), stderr: child.stderr() };
  };
  const must = async (args: readonly string[], stdin?: string) => {
    const ran = await run(args, stdin);
    assert.equal(ran.code, 0, `${args.join(' ')}\n${ran.stderr}`);
    return ran.stdout;
  };

  const index = randomIndex({ seed: 1, layerSize: 200_000 });
  const signature = randomReferrer(2, index.descriptor, 'application/vnd.example.signature');
  double.put('a/b', index, 'v1');
  double.put('a/b', signature);

  const anonymous = await run(['copy', `${double.host}/a/b:v1`, `${host}/library/app:v1`]);
  assert.equal(anonymous.code, 4);
  assert.match(anonymous.stderr, /hint: log in first: entrepot login /);
  await must(['login', host, '-u', 'admin', '--password-stdin'], password);
  await must(['copy', '--referrers', `${double.host}/a/b:v1`, `${host}/library/app:v1`]);
  assert.equal(await must(['ls', host]), 'library/app\n');
  assert.equal(await must(['inspect', '--raw', `${host}/library/app:v1`]), Buffer.from(index.bytes).toString());

  await must(['tag', `${host}/library/app:v1`, 'v2', 'latest']);
  assert.deepEqual((await must(['ls', `${host}/library/app`])).trim().split('\n'), ['latest', 'v1', 'v2']);
  const layout = join(folder.path, 'layout');
  await must(['pull', '--referrers', `${host}/library/app:v2`, layout]);
  const listed = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')).manifests;
  assert.deepEqual(
    listed.map((entry: { digest: string }) => entry.digest),
    [index.descriptor.digest, signature.descriptor.digest],
  );
  await must(['push', '--referrers', layout, `${host}/library/again:v1`]);
  const report = JSON.parse(await must(['copy', `${host}/library/app:v1`, `${host}/library/third:v1`, '-o', 'json']));
  assert.equal(report.blobs.copied, 0);
  await must(['rm', '--yes', `${host}/library/app:v2`]);
  assert.deepEqual((await must(['ls', `${host}/library/app`])).trim().split('\n'), ['latest', 'v1']);
  const gone = await run(['inspect', `${host}/library/app:v2`]);
  assert.equal(gone.code, 3);
  await must(['logout', host]);

  server.process.kill('SIGTERM');
  assert.equal(await server.ended, 0, server.stderr());
});

test('serve tells every fault of its flags, and what is no flag', async () => {
  await using faulty = startCli(['serve', '--lisen', 'x', '--workers', 'many']);
  assert.equal(await faulty.ended, 2);
  assert.match(faulty.stderr(), /--lisen[^]*--workers|--workers[^]*--lisen/);
  await using stray = startCli(['serve', 'here']);
  assert.equal(await stray.ended, 2);
  assert.match(stray.stderr(), /serve takes no arguments/);
});

test('serve has help like every other verb', async () => {
  await using child = startCli(['serve', '--help']);
  assert.equal(await child.ended, 0);
  assert.match(child.stdout(), /--listen <host:port>/);
});

test('Ctrl-C ends a transfer with its own exit code', async () => {
  await using double = await startRegistryDouble();
  await using folder = await makeTemporaryFolder();
  double.put('a/b', randomImage({ seed: 3 }), 'v1');
  double.fail({ kind: 'silence' }, ({ target }) => target.includes('/blobs/'), 10);
  await using child = startCli(['pull', `${double.host}/a/b:v1`, join(folder.path, 'l')]);
  while (!double.requests.some(({ target }) => target.includes('/blobs/'))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.process.kill('SIGINT');
  assert.equal(await child.ended, 130);
  assert.equal(child.stderr(), 'error: interrupted by SIGINT.\n');
});

test('a reader that has seen enough ends a list in silence', async () => {
  await using double = await startRegistryDouble({ pageSize: 1000 });
  const image = randomImage({ seed: 4 });
  for (let at = 0; at < 20_000; at++) {
    double.put('a/b', image, `a-tag-with-a-rather-long-name-${at}`);
  }
  await using child = startCli(['ls', `${double.host}/a/b`]);
  child.process.stdout?.once('data', () => child.process.stdout?.destroy());
  assert.equal(await child.ended, 141);
  assert.equal(child.stderr(), '');
});

test('the version is the one of the package', async () => {
  const path = join(import.meta.dirname, '../package.json');
  assert.equal(JSON.parse(await readFile(path, 'utf8')).version, version);
  await using child = startCli(['--version']);
  assert.equal(await child.ended, 0);
  assert.equal(child.stdout(), `entrepot ${version}\n`);
});
