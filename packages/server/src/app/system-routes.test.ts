import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry();
await registry.addUser('anna');

async function get(path: string, as?: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await registry.fetch(path, as === undefined ? {} : { as });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('clients learn that it listens, and which API it has', async () => {
  const ping = await registry.fetch('/api/v2.0/ping');
  assert.deepEqual([ping.status, await ping.text()], [200, 'Pong']);
  assert.deepEqual(await get('/api/version'), { status: 200, body: { version: 'v2.0' } });
});

test('monitors find every part of Harbor by its name', async () => {
  const { status, body } = await get('/api/v2.0/health');
  assert.equal(status, 200);
  assert.equal(body['status'], 'healthy');
  const names = (body['components'] as { name: string; status: string }[]).map((one) => `${one.name} ${one.status}`);
  assert.deepEqual(names.toSorted(), [
    'core healthy',
    'database healthy',
    'jobservice healthy',
    'portal healthy',
    'redis healthy',
    'registry healthy',
    'registryctl healthy',
  ]);
});

test('everybody learns how one signs in, and those who did what it is', async () => {
  const open = await get('/api/v2.0/systeminfo');
  assert.equal(open.body['auth_mode'], 'db_auth');
  assert.equal(open.body['registry_url'], undefined);
  const known = await get('/api/v2.0/systeminfo', registry.basic('anna'));
  assert.equal(known.body['registry_url'], registry.url.replace('http://', ''));
  assert.equal(known.body['external_url'], registry.url);
  assert.match(String(known.body['harbor_version']), /^v2\.\d+\.\d+-entrepot-/);
});

test('administrators learn how much room there is', async () => {
  assert.equal((await get('/api/v2.0/systeminfo/volumes', registry.basic('anna'))).status, 403);
  const { body } = await get('/api/v2.0/systeminfo/volumes', registry.admin);
  const [volume] = body['storage'] as { total: number; free: number }[];
  assert.ok(volume !== undefined && volume.total > volume.free && volume.free > 0);
});

test('there is no certificate to download where there is none', async () => {
  assert.equal((await get('/api/v2.0/systeminfo/getcert')).status, 404);
});
