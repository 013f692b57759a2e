import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomImage } from '@entrepot/oci/testing/random-image';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { runCli } from '#testing/run-cli';

const auth = { kind: 'bearer', username: 'ana', password: 'secret' } as const;

test('the repositories of a registry are listed over all pages', async () => {
  await using double = await startRegistryDouble({ pageSize: 2 });
  for (const name of ['a', 'b/c', 'd', 'e', 'f']) {
    double.put(name, randomImage({ seed: 1 }), 'v1');
  }
  const ran = await runCli(['ls', double.host]);
  assert.equal(ran.stdout, 'a\nb/c\nd\ne\nf\n');
  const own = await runCli(['ls', '-o', 'json'], { env: { ENTREPOT_HOST: double.host } });
  assert.deepEqual(JSON.parse(own.stdout), { registry: double.host, repositories: ['a', 'b/c', 'd', 'e', 'f'] });
});

test('tags are filtered and limited', async () => {
  await using double = await startRegistryDouble({ pageSize: 1 });
  const image = randomImage({ seed: 2 });
  for (const tag of ['1.0', '1.1', '1.2', '2.0', '1x0']) {
    double.put('a/b', image, tag);
  }
  const ran = await runCli(['ls', `${double.host}/a/b`, '--filter', '1.?', '--limit', '2', '-o', 'json']);
  assert.deepEqual(JSON.parse(ran.stdout), { repository: `${double.host}/a/b`, tags: ['1.0', '1.1'] });
});

test('a repository that is not there is told with the exit code for it', async () => {
  await using double = await startRegistryDouble();
  const ran = await runCli(['ls', `${double.host}/a/b`]);
  assert.equal(ran.code, 3);
  assert.match(ran.stderr, /hint: see which repositories there are: entrepot ls 127/);
});

test('without credentials the hint is to log in', async () => {
  await using double = await startRegistryDouble({ auth });
  const ran = await runCli(['ls', double.host]);
  assert.equal(ran.code, 4);
  assert.match(ran.stderr, new RegExp(`hint: log in first: entrepot login ${double.host}\n`));
});

test('credentials come by option, by variable, and only for their host', async () => {
  await using double = await startRegistryDouble({ auth });
  double.put('a/b', randomImage({ seed: 3 }), 'v1');
  const byOption = await runCli(['ls', double.host, '-u', 'ana', '--password-stdin'], { stdin: 'secret\n' });
  assert.equal(byOption.stdout, 'a/b\n', byOption.stderr);
  const env = { ENTREPOT_USERNAME: 'ana', ENTREPOT_PASSWORD: 'secret' };
  assert.equal((await runCli(['ls', double.host], { env })).stdout, 'a/b\n');
  const own = await runCli(['ls'], { env: { ...env, ENTREPOT_HOST: `https://${double.host}/` } });
  assert.equal(own.stdout, 'a/b\n');
  const elsewhere = await runCli(['ls', double.host], { env: { ...env, ENTREPOT_HOST: 'other.example' } });
  assert.equal(elsewhere.code, 4);
});

test('credentials for one of two registries must be kept, not named', async () => {
  const env = { ENTREPOT_USERNAME: 'ana', ENTREPOT_PASSWORD: 'secret' };
  const ran = await runCli(['copy', 'localhost:1/a/b', 'localhost:2/a/b'], { env });
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /which of the two registries/);
});

test('one image is not listed', async () => {
  const ran = await runCli(['ls', 'localhost:1/a/b:v1']);
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /entrepot inspect localhost:1\/a\/b:v1/);
});

test('a password that is not there is asked for in words', async () => {
  const missing = await runCli(['ls', 'localhost:1', '-u', 'ana', '--password-stdin'], { stdin: '' });
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /standard input must hold the password/);
  assert.equal((await runCli(['ls', 'localhost:1', '--password-stdin'])).code, 2);
});
