import assert from 'node:assert/strict';
import { readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTestRegistry } from '@entrepot/server/testing/test-registry';
import { startCli } from '#testing/run-child';

async function run(...args: readonly string[]) {
  await using child = startCli([...args], {});
  return { code: await child.ended, stdout: child.stdout(), stderr: child.stderr() };
}

test('the store of a registry that does not run is verified and repaired, and one that runs is told apart', async () => {
  const registry = await startTestRegistry();
  await using _ = registry;
  const { data } = registry;
  const image = await registry.pushImage('library/app', 'v1');
  const busy = await run('verify-storage', '--data', data);
  assert.equal(busy.code, 1);
  assert.match(busy.stderr, /Another registry runs on .*storage scrub/);
  await registry.registry[Symbol.asyncDispose]();

  const sound = await run('verify-storage', '--deep', '--data', data, '-o', 'json');
  assert.equal(sound.code, 0, sound.stderr);
  const report = JSON.parse(sound.stdout);
  assert.deepEqual([report.sound, report.blobs, report.manifests, report.mode], [true, 2, 1, 'deep']);

  const hex = image.layer.slice(7);
  const folder = join(data, 'blobs/sha256', hex.slice(0, 2));
  const [name = ''] = (await readdir(folder)).filter((each) => each.startsWith(hex));
  await truncate(join(folder, name), 1);
  const wrong = await run('verify-storage', '--fast', '--data', data);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stdout, new RegExp(`${image.layer}.*size.*library/app`));
  assert.match(wrong.stderr, /1 blobs of .* missing or wrong/);
  const rehearsed = await run('repair', '--dry-run', '--data', data, '-o', 'json');
  assert.equal(rehearsed.code, 1);
  assert.deepEqual([JSON.parse(rehearsed.stdout).damaged, JSON.parse(rehearsed.stdout).left], [1, 1]);
  const repaired = await run('repair', '--data', data);
  assert.equal(repaired.code, 1);
  assert.match(repaired.stderr, /1 blobs and manifests are damaged and have no good copy here/);
  const both = await run('repair', '--fast', '--deep', '--data', data);
  assert.equal(both.code, 2);
});

test('a store that is not there is not taken for an empty one', async () => {
  const registry = await startTestRegistry();
  await using _ = registry;
  const { data } = registry;
  await registry.registry[Symbol.asyncDispose]();
  const { rename } = await import('node:fs/promises');
  await rename(join(data, 'blobs'), join(data, 'elsewhere'));
  const missing = await run('repair', '--data', data);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /There is no blob store in .*is its disk mounted/);
});
