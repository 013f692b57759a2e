import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askManagement, type Shown } from '#testing/management';
import { useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry();
const ids = { team: await registry.addProject('team'), open: await registry.addProject('open', true) };
await registry.addUser('keeper', { team: 4 });
await registry.addUser('guest', { team: 3 });
await registry.addUser('stranger');
const [keeper, guest, stranger] = ['keeper', 'guest', 'stranger'].map((name) => registry.basic(name)) as [
  string,
  string,
  string,
];

const ask = <T = readonly Shown[]>(method: string, path: string, as: string | undefined, body?: unknown) =>
  askManagement<T>(registry, method, path, { as, body });

async function make(as: string, body: object): Promise<number> {
  const { status, headers, text } = await ask('POST', '/labels', as, body);
  assert.equal(status, 201, text);
  return Number(/^\/api\/v2\.0\/labels\/(\d+)$/.exec(headers.get('location') ?? '')?.[1]);
}

test('labels of the registry are made by its administrators and seen by everybody who is signed in', async () => {
  const id = await make(registry.admin, { name: 'stable', scope: 'g', description: 'good', color: '#00aa00' });
  assert.equal((await ask('POST', '/labels', keeper, { name: 'mine', scope: 'g' })).status, 403);
  const { json } = await ask<Shown>('GET', `/labels/${id}`, stranger);
  assert.deepEqual(
    [json.name, json.scope, json.project_id, json.description, json.color],
    ['stable', 'g', 0, 'good', '#00aa00'],
  );
  const listed = await ask('GET', '/labels?scope=g&q=name%3D~STA', stranger);
  assert.deepEqual([listed.json.length, listed.headers.get('x-total-count')], [1, '1']);
  assert.equal((await ask('GET', '/labels?scope=g', undefined)).status, 401);
  assert.equal((await ask('DELETE', `/labels/${id}`, keeper)).status, 403);
});

test('labels of a project are for its roles, and nobody else learns of them', async () => {
  const id = await make(keeper, { name: 'own', scope: 'p', project_id: ids.team });
  assert.equal((await ask('GET', `/labels/${id}`, guest)).status, 200);
  assert.equal((await ask('PUT', `/labels/${id}`, guest, { name: 'x' })).status, 403);
  assert.equal((await ask('DELETE', `/labels/${id}`, guest)).status, 403);
  for (const [method, body] of [['GET'], ['PUT', { name: 'x' }], ['DELETE']] as const) {
    const hidden = await ask(method, `/labels/${id}`, stranger, body);
    const missing = await ask(method, '/labels/999999', stranger, body);
    assert.deepEqual([hidden.status, missing.status], [404, 404], method);
    assert.equal(hidden.text.replace(String(id), 'N'), missing.text.replace('999999', 'N'));
  }
  const hidden = await ask('GET', `/labels?scope=p&project_id=${ids.team}`, stranger);
  const missing = await ask('GET', '/labels?scope=p&project_id=999999', stranger);
  assert.deepEqual([hidden.status, missing.status], [404, 404]);
  assert.equal(hidden.text.replace(String(ids.team), 'N'), missing.text.replace('999999', 'N'));
  assert.equal((await ask('POST', '/labels', stranger, { name: 'x', scope: 'p', project_id: ids.team })).status, 404);
  assert.equal((await ask('POST', '/labels', stranger, { name: 'x', scope: 'p', project_id: ids.open })).status, 403);
  assert.equal((await ask('GET', `/labels?scope=p&project_id=${ids.open}`, stranger)).status, 200);
  assert.deepEqual((await ask('GET', '/labels?scope=g&name=own', keeper)).json, [], 'not among those of the registry');
});

test('a name is there once in its place, and a label is checked', async () => {
  const team = { scope: 'p', project_id: ids.team };
  const id = await make(keeper, { name: 'twice', ...team });
  assert.equal((await ask('POST', '/labels', keeper, { name: ' twice ', ...team })).status, 409);
  await make(registry.admin, { name: 'twice', scope: 'g' });
  const other = await make(keeper, { name: 'other', ...team });
  assert.equal((await ask('PUT', `/labels/${other}`, keeper, { name: 'twice' })).status, 409);
  assert.equal((await ask('PUT', `/labels/${id}`, keeper, { name: 'twice', color: '#fff' })).status, 200);
  for (const bad of [
    { name: '   ', ...team },
    { name: 'a\u0000b', ...team },
    { name: 'x', color: 'red', ...team },
    { name: 'x', color: '#12345g', ...team },
    { name: 'x', scope: 'p' },
    { name: 'x', scope: 'q' },
    { scope: 'g' },
  ]) {
    assert.equal((await ask('POST', '/labels', registry.admin, bad)).status, 400, JSON.stringify(bad));
  }
});

test('changes are in the audit with what was before and after, and a project takes its labels along', async () => {
  const projectId = await registry.addProject('brief');
  const id = await make(registry.admin, { name: 'before', scope: 'p', project_id: projectId });
  await ask('PUT', `/labels/${id}`, registry.admin, { name: 'after' });
  const rows = await registry.query(
    `select detail from audit where action = 'update-label' and outcome = 'success' and project_id = ${projectId}`,
  );
  assert.deepEqual(JSON.parse(String(rows[0]?.['detail'])), {
    before: { name: 'before', description: '', color: '' },
    after: { name: 'after', description: '', color: '' },
  });
  assert.equal((await ask('DELETE', '/projects/brief', registry.admin)).status, 200);
  assert.equal((await ask('GET', `/labels/${id}`, registry.admin)).status, 404);
});
