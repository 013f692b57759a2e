import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allRecords } from '@entrepot/contract/all-records';
import type { RouteRecord } from '@entrepot/contract/route';
import { useTestRegistry } from '#testing/test-registry';
import { isNotYet, notYet } from './not-yet.ts';

const registry = await useTestRegistry();
await registry.addProject('own');

const unserved = new Set(registry.registry.notYet);
const missing = allRecords.filter(({ operationId }) => unserved.has(operationId));

function pathOf({ path }: RouteRecord): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (name.startsWith('project_name') ? 'own' : '1'));
}

test('the list of what is missing is exactly what nobody serves', () => {
  const listed = allRecords.filter(isNotYet).map(({ operationId }) => operationId);
  assert.deepEqual(listed.toSorted(), [...unserved].toSorted());
});

test('the answer has the code and one sentence that names what is missing', async () => {
  for (const record of missing.filter(({ method }) => method !== 'HEAD')) {
    const response = await registry.fetch(pathOf(record), { method: record.method, as: registry.admin });
    assert.equal(response.status, 501);
    const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
    assert.deepEqual(Object.keys(errors[0] ?? {}), ['code', 'message']);
    assert.equal(errors[0]?.code, 'NOT_IMPLEMENTED');
    assert.match(errors[0].message, /^Not in this release yet, but in a later one: [^.]+\.$/);
  }
});

test('a body that fits no record is not looked at', async () => {
  const [record] = missing.filter(({ method, at }) => method === 'POST' && at === 'system');
  assert.ok(record);
  const init = { method: 'POST', as: registry.admin, headers: { 'content-type': 'application/json' } };
  const response = await registry.fetch(pathOf(record), { ...init, body: '{"name":7}' });
  assert.equal(response.status, 501);
});

test('what is served is left alone', () => {
  const [first, second] = allRecords;
  assert.ok(first && second);
  const routes = notYet([first, second], [{ record: first, handle: () => Promise.resolve({ status: 200 }) }]);
  assert.deepEqual(
    routes.map(({ record }) => record.operationId),
    [second.operationId],
  );
});
