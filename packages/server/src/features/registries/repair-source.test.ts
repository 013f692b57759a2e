import assert from 'node:assert/strict';
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '#testing/test-clock';
import { startTestRegistry, testPassword } from '#testing/test-registry';

async function loseFile(data: string, digest: string): Promise<void> {
  const hex = digest.slice(7);
  const folder = join(data, 'blobs/sha256', hex.slice(0, 2));
  for (const name of await readdir(folder)) if (name.startsWith(hex)) await unlink(join(folder, name));
}

test('what is damaged here is had from another registry that holds it under the same name, with its token', async () => {
  await using mirror = await startTestRegistry();
  await using registry = await startTestRegistry({
    env: { ENTREPOT_OUTBOUND_ALLOW: '127.0.0.1', ENTREPOT_SCRUB_REPAIR_FROM: 'gone, mirror', ENTREPOT_SCRUB_RATE: '0' },
  });
  for (const one of [mirror, registry]) await one.addProject('team');
  const created = await registry.fetch('/api/v2.0/registries', {
    method: 'POST',
    as: registry.admin,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'mirror',
      url: mirror.url,
      type: 'docker-registry',
      credential: { type: 'basic', access_key: 'admin', access_secret: testPassword },
    }),
  });
  assert.equal(created.status, 201, await created.text());
  const layer = Buffer.alloc(9 * 1024 * 1024, crypto.randomUUID());
  const digest = await registry.pushBlob('team/app', layer);
  assert.equal(await mirror.pushBlob('team/app', layer), digest);
  const only = await registry.pushBlob('team/app', 'nowhere else');
  const image = await registry.pushImage('team/img', 'v1');
  await mirror.putManifest('team/img', 'v1', image.manifest);
  for (const each of [digest, only]) await loseFile(registry.data, each);

  const started = await registry.fetch('/api/entrepot/v1/storage/scrub', { method: 'POST', as: registry.admin });
  assert.equal(started.status, 202);
  const last = await eventually(async () => {
    const report = await registry.fetch('/api/entrepot/v1/storage/scrub', { as: registry.admin });
    return ((await report.json()) as { last?: { damaged: number; repaired: number } }).last;
  }, 20_000);
  assert.deepEqual([last.damaged, last.repaired], [2, 1]);
  const pulled = await registry.fetch(`/v2/team/app/blobs/${digest}`, { as: registry.admin });
  assert.ok(Buffer.from(await pulled.arrayBuffer()).equals(layer));
  assert.equal((await registry.fetch(`/v2/team/app/blobs/${only}`, { as: registry.admin })).status, 404);
  const rows = await registry.query('select mended_by from storage_damage where mended_at is not null');
  assert.deepEqual(
    rows.map((row) => row['mended_by']),
    ['mirror'],
  );
});
