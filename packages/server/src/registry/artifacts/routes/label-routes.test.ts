import assert from 'node:assert/strict';
import { test } from 'node:test';
import { artifactsPath, askManagement, type Shown } from '#testing/management';
import { useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry();
for (const name of ['team', 'other']) await registry.addProject(name);
await registry.addUser('dev', { team: 2 });
await registry.addUser('keeper', { team: 4, other: 4 });
await registry.addUser('guest', { team: 3 });
const dev = registry.basic('dev');
const keeper = registry.basic('keeper');
const guest = registry.basic('guest');

const ask = <T = readonly Shown[]>(method: string, path: string, as: string, body?: unknown) =>
  askManagement<T>(registry, method, path, { as, body });

test('labels on artifacts are of the registry or the project, and found by', async () => {
  await registry.pushImage('team/labelled', 'v1');
  await registry.pushImage('team/labelled', 'v2');
  const list = async (query: string) => {
    const { status, json, text } = await ask('GET', `${artifactsPath('team/labelled')}?${query}`, guest);
    assert.equal(status, 200, text);
    return json;
  };
  const make = async (body: object, as: string) => {
    const { status, headers, json } = await ask('POST', '/labels', as, body);
    assert.equal(status, 201, JSON.stringify(json));
    return Number(headers.get('location')?.split('/').at(-1));
  };
  const rows = await registry.query("select id, name from project where name in ('team', 'other')");
  const ids = Object.fromEntries(rows.map((row) => [row['name'] as string, Number(row['id'])]));
  const wide = await make({ name: 'wide', scope: 'g', color: '#ff0000' }, registry.admin);
  const own = await make({ name: 'own', scope: 'p', project_id: ids['team'] }, keeper);
  const foreignLabel = await make({ name: 'own', scope: 'p', project_id: ids['other'] }, keeper);
  const path = `${artifactsPath('team/labelled')}/v1/labels`;
  for (const id of [wide, own]) assert.equal((await ask('POST', path, dev, { id })).status, 200);
  assert.equal((await ask('POST', path, dev, { id: own })).status, 409);
  assert.equal((await ask('POST', path, dev, { id: foreignLabel })).status, 404);
  assert.equal((await ask('POST', path, guest, { id: own })).status, 403);
  const [first] = await list(`with_label=true&q=${encodeURIComponent(`labels=(${wide} ${own})`)}`);
  assert.deepEqual(
    first?.labels.map((label: Shown) => [label.name, label.scope]),
    [
      ['wide', 'g'],
      ['own', 'p'],
    ],
  );
  assert.equal((await list(`q=labels%3D${foreignLabel}`)).length, 0);
  assert.equal((await ask('DELETE', `${path}/${own}`, dev)).status, 200);
  assert.equal((await ask('DELETE', `${path}/${own}`, dev)).status, 404);
  assert.equal((await ask('DELETE', `/labels/${wide}`, registry.admin)).status, 200);
  const { json } = await ask<Shown>('GET', `${artifactsPath('team/labelled')}/v1?with_label=true`, guest);
  assert.equal(json.labels, null);
});
