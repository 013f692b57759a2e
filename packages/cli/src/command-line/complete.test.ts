import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '#testing/run-cli';
import { makeTemporaryFolder } from '#testing/temporary-folder';

async function completed(words: readonly string[], env: Record<string, string> = {}): Promise<readonly string[]> {
  const ran = await runCli(['__complete', ...words], { env });
  assert.equal(ran.code, 0, ran.stderr);
  return ran.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0] ?? '');
}

test('verbs are completed, with what they do', async () => {
  assert.deepEqual(await completed(['co']), ['copy', 'completion']);
  const ran = await runCli(['__complete', 'insp']);
  assert.equal(ran.stdout, 'inspect\tShow what an image is made of\n');
});

test('nouns are completed, and then their verbs', async () => {
  const ran = await runCli(['__complete', 'aud']);
  assert.equal(ran.stdout, 'audit\tRead, export and verify the audit of a registry\n');
  assert.deepEqual(await completed(['audit', '']), ['ls', 'export', 'purge', 'verify']);
  assert.deepEqual(await completed(['audit', 'export', '--form']), ['--format']);
  assert.deepEqual(await completed(['audit', 'export', '--format', '']), ['ecs', 'csv']);
});

test('options are completed by their long names', async () => {
  assert.deepEqual(await completed(['copy', '--pla']), ['--platform', '--plain-http']);
  assert.deepEqual(await completed(['rm', 'x', '--d']), ['--dry-run']);
});

test('values of options are completed', async () => {
  assert.deepEqual(await completed(['ls', '-o', '']), ['table', 'json', 'yaml']);
  assert.deepEqual(await completed(['copy', '--platform', 'linux/arm6']), ['linux/arm64']);
  assert.deepEqual(await completed(['ls', '--ca-file', '']), [':files']);
});

test('hosts with credentials are completed, and files where files fit', async () => {
  await using folder = await makeTemporaryFolder();
  await mkdir(join(folder.path, '.docker'));
  const document = { auths: { 'r.example': {}, 'https://index.docker.io/v1/': {} }, credHelpers: { 'g.example': 'x' } };
  await writeFile(join(folder.path, '.docker/config.json'), JSON.stringify(document));
  const env = { HOME: folder.path };
  assert.deepEqual(await completed(['login', ''], env), ['docker.io', 'g.example', 'r.example']);
  assert.deepEqual(await completed(['tag', 'r'], env), ['r.example/']);
  assert.deepEqual(await completed(['copy', '--jobs', '2', 'r.example/a', 'oci'], env), [
    'oci:',
    'oci-archive:',
    ':files',
  ]);
});

test('shells are completed, and every one has a script that calls us', async () => {
  const shells = await completed(['completion', '']);
  assert.deepEqual(shells, ['bash', 'zsh', 'fish', 'pwsh']);
  for (const shell of shells) {
    assert.match((await runCli(['completion', shell])).stdout, /entrepot __complete/);
  }
  assert.equal((await runCli(['completion', 'tcsh'])).code, 2);
});

test('nothing is completed where nothing fits', async () => {
  assert.deepEqual(await completed(['nothing', '']), []);
  assert.deepEqual(await completed(['version', '']), []);
});
