import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomImage } from '@entrepot/oci/testing/random-image';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { type ServedRegistry, serveRegistry } from '#testing/served-registry';

let seed = 0;

/** Pushes an image of its own; answers with its digest. */
async function pushImage({ host, must }: ServedRegistry, repository: string, tag: string): Promise<string> {
  await using double = await startRegistryDouble();
  const image = randomImage({ seed: `undo ${(seed += 1)}` });
  double.put('a/b', image, 'v');
  await must(['copy', `${double.host}/a/b:v`, `${host}/${repository}:${tag}`]);
  return image.descriptor.digest;
}

test('what was deleted is listed, shown, had back and purged', async () => {
  await using registry = await serveRegistry();
  const { must, run } = registry;
  await must(['project', 'create', 'team']);
  await pushImage(registry, 'team/app', 'v1');
  assert.match(await must(['repo', 'rm', 'team/app', '--yes']), /\nUndo: entrepot undo last team\n$/);
  assert.match(await must(['undo', 'ls', 'team']), /\n\d+ +repository +team\/app +1 +1 +admin /);
  assert.match(
    await must(['undo', 'last', 'team']),
    /^team\/app, deleted by admin:\nRestored 1 artifact\(s\) and 1 tag/,
  );
  await must(['rm', '--yes', `${registry.host}/team/app:v1`]);
  const [deletion] = JSON.parse(await must(['undo', 'ls', '--kind', 'tag', '-o', 'json'])) as { id: number }[];
  const id = String(deletion?.id);
  assert.match(await must(['undo', 'show', 'team', id]), /tag alone +v1\n/);
  assert.match(await must(['undo', 'restore', 'team', id]), /^Restored 0 artifact\(s\) and 1 tag/);
  assert.equal((await run(['undo', 'restore', 'team', id])).code, 3);
  assert.equal((await run(['undo', 'restore', 'team', 'first'])).code, 2);
  await must(['repo', 'rm', 'team/app', '--yes']);
  assert.match(await must(['project', 'rm', 'team', '--yes']), /\nUndo: entrepot undo project team\n$/);
  assert.match(await must(['undo', 'project', 'team']), /^Restored the project team\n/);
  const [last] = JSON.parse(await must(['undo', 'ls', 'team', '-o', 'json'])) as { id: number }[];
  await must(['undo', 'purge', 'team', String(last?.id), '--yes']);
  assert.equal((await run(['undo', 'last', 'team'])).code, 3);
});

test('a tag tells its history and is rolled back; a repository is pinned', async () => {
  await using registry = await serveRegistry();
  const { must, run } = registry;
  await must(['project', 'create', 'team']);
  const first = await pushImage(registry, 'team/app', 'live');
  const second = await pushImage(registry, 'team/app', 'live');
  const told = await must(['history', 'team/app:live']);
  assert.match(told, new RegExp(`admin +${first} +${second} +yes\n`));
  const back = await must(['rollback', 'team/app:live', '--from', second]);
  assert.equal(back, `team/app:live points at ${first} again, not at ${second}\n`);
  assert.match(await must(['rollback', 'team/app:live', '--to', first]), /already\n$/);
  const whole = `${registry.host}/team/app:live`;
  assert.equal(await must(['history', whole]), await must(['history', 'team/app:live']));
  assert.match(await must(['rollback', whole, '--to', second]), new RegExp(`^team/app:live points at ${second} again`));
  const elsewhere = await run(['rollback', whole, '--host', 'hub.example.com']);
  assert.equal(elsewhere.code, 2);
  assert.match(elsewhere.stderr, /is not in hub\.example\.com\.\nhint: leave --host out/);
  assert.equal((await run(['rollback', 'team/app'])).code, 2);
  assert.equal((await run(['rollback', 'team/app:live', '--before', 'noon'])).code, 2);
  await must(['repo', 'pin', 'team/app']);
  assert.match(await must(['repo', 'ls']), /team\/app +2 +\d+ +\S+ +yes\n/);
  await must(['repo', 'unpin', 'team/app']);
  assert.doesNotMatch(await must(['repo', 'ls']), /yes\n/);
});
