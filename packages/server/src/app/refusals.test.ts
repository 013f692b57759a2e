import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allRecords } from '@entrepot/contract/all-records';
import { type Permission, type ProjectRole, roleIds, rolePermissions } from '@entrepot/contract/permissions';
import type { RouteRecord } from '@entrepot/contract/route';
import { useTestRegistry } from '#testing/test-registry';

// Every operation of the management API × everybody whom its record refuses, in one's own project and in none. Whom it
// lets in is asked only where nothing can happen: where the operation is not there yet.

const registry = await useTestRegistry({ env: { ENTREPOT_AUTH_LOGIN_ATTEMPTS: '1000000' } });
await registry.addProject('own');
const roles = Object.keys(roleIds) as ProjectRole[];
for (const role of roles) await registry.addUser(role.toLowerCase(), { own: roleIds[role] });
await registry.addUser('stranger');
await registry.registry.users.setDisabled(await registry.addUser('disabled', { own: 1 }), true);

const credentials: Readonly<Record<string, string | undefined>> = {
  nobody: undefined,
  ...Object.fromEntries(roles.map((role) => [role, registry.basic(role.toLowerCase())])),
  stranger: registry.basic('stranger'),
  admin: registry.admin,
  disabled: registry.basic('disabled'),
  token: await registry.bearer(registry.basic('maintainer'), 'repository:own/app:pull'),
};

const notYet = new Set(registry.registry.notYet);

type Verdict = 'in' | 401 | 403 | 404;

/** Who gets which answer, by what the record needs and where. */
function verdicts({ permission, at }: RouteRecord, project: 'own' | 'missing'): Record<string, Verdict> {
  const all = (verdict: Verdict) => Object.fromEntries([...roles, 'stranger'].map((name) => [name, verdict]));
  if (permission === 'public') return { nobody: 'in', ...all('in'), admin: 'in', disabled: 401, token: 'in' };
  const outside = { nobody: 401, disabled: 401, token: 403 } as const;
  if (permission === 'authenticated' || at === 'object') return { ...all('in'), admin: 'in', ...outside };
  if (at === 'system') return { ...all(403), admin: 'in', ...outside };
  if (project === 'missing') return { ...all(404), admin: 404, ...outside };
  const may = (role: ProjectRole) => rolePermissions[role].some((one: Permission) => one === permission);
  const inProject = roles.map((role) => [role, may(role) ? 'in' : 403] as const);
  return { ...Object.fromEntries(inProject), stranger: 404, admin: 'in', ...outside };
}

async function statusOf({ method, path }: RouteRecord, project: string, as: string | undefined): Promise<number> {
  const asked = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (name.startsWith('project_name') ? project : '1'));
  const response = await registry.fetch(asked, { method, ...(as === undefined ? {} : { as }) });
  await response.body?.cancel();
  return response.status;
}

for (const record of allRecords) {
  test(`${record.operationId} refuses whom its record refuses`, async () => {
    for (const project of record.at === 'project' ? (['own', 'missing'] as const) : (['own'] as const)) {
      const wanted = Object.entries(verdicts(record, project))
        .filter(([, verdict]) => verdict !== 'in' || notYet.has(record.operationId))
        .map(([name, verdict]) => [name, verdict === 'in' ? 501 : verdict] as const);
      const told = wanted.map(async ([name]) => [name, await statusOf(record, project, credentials[name])] as const);
      assert.deepEqual(Object.fromEntries(await Promise.all(told)), Object.fromEntries(wanted), project);
    }
  });
}

test('the projects and accounts are still what they were', async () => {
  assert.equal((await registry.query("select id from project where name = 'own'")).length, 1);
  const accounts = await registry.query('select name, disabled from user_account');
  assert.equal(accounts.length, Object.keys(credentials).length - 2);
});
