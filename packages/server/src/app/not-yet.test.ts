import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allRecords } from '@entrepot/contract/all-records';
import { type Permission, type ProjectRole, roleIds, rolePermissions } from '@entrepot/contract/permissions';
import type { RouteRecord } from '@entrepot/contract/route';
import { useTestRegistry } from '#testing/test-registry';
import { isNotYet, notYet } from './not-yet.ts';

// What is not there yet asks who may, like everything else: every such operation × everybody × {own, missing} project.

const registry = await useTestRegistry({ env: { ENTREPOT_AUTH_LOGIN_ATTEMPTS: '1000000' } });
await registry.addProject('own');
const roles = Object.keys(roleIds) as ProjectRole[];
for (const role of roles) await registry.addUser(role.toLowerCase(), { own: roleIds[role] });
await registry.addUser('stranger');
await registry.registry.users.setDisabled(await registry.addUser('disabled', { own: 1 }), true);

const members = Object.fromEntries(roles.map((role) => [role, registry.basic(role.toLowerCase())]));
const nobody = undefined;
const others = {
  admin: registry.admin,
  stranger: registry.basic('stranger'),
  disabled: registry.basic('disabled'),
  token: await registry.bearer(registry.basic('maintainer'), 'repository:own/app:pull'),
};

const missing = allRecords.filter(isNotYet);

function pathOf({ path }: RouteRecord, project: string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (name.startsWith('project_name') ? project : '1'));
}

async function ask(record: RouteRecord, as: string | undefined, project = 'own') {
  const init = { method: record.method, ...(as === undefined ? {} : { as }) };
  const response = await registry.fetch(pathOf(record, project), init);
  return { status: response.status, text: await response.text() };
}

/** Who gets which answer, by what the record needs and where. */
function expected({ permission, at }: RouteRecord, project: 'own' | 'missing'): Record<string, number> {
  const all = (status: number) => Object.fromEntries([...roles, 'stranger'].map((name) => [name, status]));
  if (permission === 'public') return { nobody: 501, ...all(501), admin: 501, disabled: 401, token: 501 };
  const outside = { nobody: 401, disabled: 401, token: 403 };
  if (permission === 'authenticated' || at === 'object') return { ...all(501), admin: 501, ...outside };
  if (at === 'system') return { ...all(403), admin: 501, ...outside };
  if (project === 'missing') return { ...all(404), admin: 404, ...outside };
  const inProject = roles.map((role) => {
    const may = rolePermissions[role].some((one: Permission) => one === permission);
    return [role, may ? 501 : 403];
  });
  return { ...Object.fromEntries(inProject), stranger: 404, admin: 501, ...outside };
}

test('the list of what is missing is exactly what nobody serves', () => {
  assert.deepEqual([...registry.registry.notYet].toSorted(), missing.map(({ operationId }) => operationId).toSorted());
});

for (const record of missing) {
  test(`${record.operationId} tells whoever may use it that it comes later, and nobody else`, async () => {
    for (const project of record.at === 'project' ? (['own', 'missing'] as const) : (['own'] as const)) {
      const asked = Object.entries({ nobody, ...members, ...others }).map(
        async ([name, as]) => [name, (await ask(record, as, project)).status] as const,
      );
      const told = Object.fromEntries(await Promise.all(asked));
      assert.deepEqual(told, expected(record, project), project);
    }
  });
}

test('the answer has the code and one sentence that names what is missing', async () => {
  for (const record of missing.filter(({ method }) => method !== 'HEAD')) {
    const { text } = await ask(record, registry.admin);
    const { errors } = JSON.parse(text) as { errors: { code: string; message: string }[] };
    assert.deepEqual(Object.keys(errors[0] ?? {}), ['code', 'message']);
    assert.equal(errors[0]?.code, 'NOT_IMPLEMENTED');
    assert.match(errors[0].message, /^Not in this release yet, but in a later one: [^.]+\.$/);
  }
});

test('a body that fits no record is not looked at', async () => {
  const [record] = missing.filter(({ method, at }) => method === 'POST' && at === 'system');
  assert.ok(record);
  const init = { method: 'POST', as: registry.admin, headers: { 'content-type': 'application/json' } };
  const response = await registry.fetch(pathOf(record, 'own'), { ...init, body: '{"name":7}' });
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
