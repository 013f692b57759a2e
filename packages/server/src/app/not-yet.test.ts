import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allRecords } from '@entrepot/contract/all-records';
import type { RouteRecord } from '@entrepot/contract/route';
import { useTestRegistry } from '#testing/test-registry';
import { isNotYet, notYet } from './not-yet.ts';

const registry = await useTestRegistry({ env: { ENTREPOT_AUTH_LOGIN_ATTEMPTS: '1000000' } });
await registry.addProject('own');
await registry.addUser('guest', { own: 3 });
const guest = registry.basic('guest');

const missing = allRecords.filter(isNotYet);

function pathOf({ path }: RouteRecord, project: string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (name.startsWith('project_name') ? project : '1'));
}

async function ask(record: RouteRecord, options: { as?: string; project?: string } = {}) {
  const init = { method: record.method, ...(options.as === undefined ? {} : { as: options.as }) };
  const response = await registry.fetch(pathOf(record, options.project ?? 'own'), init);
  return { status: response.status, text: await response.text() };
}

function found(operationId: string): RouteRecord {
  const record = allRecords.find((one) => one.operationId === operationId);
  assert.ok(record, operationId);
  return record;
}

test('the list of what is missing is exactly what nobody serves', () => {
  assert.deepEqual([...registry.registry.notYet].toSorted(), missing.map(({ operationId }) => operationId).toSorted());
});

for (const record of missing) {
  test(`${record.operationId} says that it comes later`, async () => {
    const { status, text } = await ask(record, { as: registry.admin });
    assert.equal(status, 501);
    if (record.method === 'HEAD') return;
    const { errors } = JSON.parse(text) as { errors: { code: string; message: string }[] };
    assert.deepEqual(Object.keys(errors[0] ?? {}), ['code', 'message']);
    assert.equal(errors[0]?.code, 'NOT_IMPLEMENTED');
    assert.match(errors[0].message, /^Not in this release yet, but in a later one: .+\.$/);
  });

  test(`${record.operationId} says nothing to somebody without credentials`, async () => {
    const { status } = await ask(record);
    assert.equal(status, record.permission === 'public' ? 501 : 401);
  });
}

test('who may not gets the answer of an operation that is there', async () => {
  assert.equal((await ask(found('CreateWebhookPolicyOfProject'), { as: guest })).status, 403);
  assert.equal((await ask(found('createRegistry'), { as: guest })).status, 403);
  const foreign = await ask(found('ListImmuRules'), { as: guest, project: 'library' });
  assert.equal(foreign.status, 403);
  const none = await ask(found('ListImmuRules'), { as: guest, project: 'none' });
  assert.equal(none.status, 404);
});

test('a body that fits no record is not looked at', async () => {
  const init = {
    method: 'POST',
    as: registry.admin,
    headers: { 'content-type': 'application/json' },
    body: '{"name":7}',
  };
  assert.equal((await registry.fetch('/api/v2.0/registries', init)).status, 501);
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
