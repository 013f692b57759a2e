import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allRecords } from '@entrepot/contract/all-records';
import {
  type Permission,
  type ProjectRole,
  projectPermissions,
  roleIds,
  rolePermissions,
} from '@entrepot/contract/permissions';
import type { RouteRecord } from '@entrepot/contract/route';
import { createTestClock } from '#testing/test-clock';
import { startTestRegistry, type TestRegistry, useTestRegistry } from '#testing/test-registry';

// The other half of refusals.test.ts: whoever a record lets in is let in. What is asked for is never there (a repository,
// an id), so that nothing happens; that it is looked for at all shows that the permission was there.

const nowhere = (name: string) => (/_id$|^(?:id|eid|tid|mid)$/.test(name) ? '999999999' : 'not-there');

function pathOf({ path }: RouteRecord, project: string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    name.startsWith('project_name') ? project : nowhere(name),
  );
}

async function isLetIn(on: TestRegistry, record: RouteRecord, project: string, as: string): Promise<boolean> {
  const hasBody = record.body !== undefined;
  const response = await on.fetch(pathOf(record, project), {
    method: record.method,
    as,
    ...(hasBody ? { body: '{}', headers: { 'content-type': 'application/json' } } : {}),
  });
  const text = await response.text();
  assert.ok(response.status < 500 || response.status === 501, `${record.operationId}: ${response.status} ${text}`);
  return response.status !== 401 && response.status !== 403;
}

/** What would be done to the project itself, and what an administrator of a project does without a body. */
const wouldHappen: ReadonlySet<string> = new Set(['deleteProject']);

const registry = await useTestRegistry({ env: { ENTREPOT_AUTH_LOGIN_ATTEMPTS: '1000000' } });
await registry.addProject('own');
await registry.pushImage('own/app', 'v1');
const roles = Object.keys(roleIds) as ProjectRole[];
for (const role of roles) await registry.addUser(role.toLowerCase(), { own: roleIds[role] });

describe('in a project', () => {
  for (const record of allRecords.filter(({ at, operationId }) => at === 'project' && !wouldHappen.has(operationId))) {
    const permission = record.permission as Permission;
    const allowed = roles.filter((role) => (rolePermissions[role] as readonly Permission[]).includes(permission));
    test(`${record.operationId} (${permission}) lets in ${allowed.join(', ') || 'administrators of the registry'}`, async () => {
      const asked = roles.map(async (role) => [
        role,
        await isLetIn(registry, record, 'own', registry.basic(role.toLowerCase())),
      ]);
      const wanted = roles.map((role) => [role, allowed.includes(role)]);
      assert.deepEqual(Object.fromEntries(await Promise.all(asked)), Object.fromEntries(wanted));
      assert.equal(await isLetIn(registry, record, 'own', registry.admin), true, 'an administrator of the registry');
    });
  }
});

describe('every cell of the matrix, operation or not', () => {
  for (const role of roles) {
    test(`${role} has what the table says, and the registry says so when it is asked`, async () => {
      for (const permission of projectPermissions) {
        const query = `permission=${encodeURIComponent(permission)}&user=${role.toLowerCase()}`;
        const answer = await registry.fetch(`/api/entrepot/v1/projects/own/permissions/explain?${query}`, {
          as: registry.admin,
        });
        assert.equal(answer.status, 200, `${permission}: ${await answer.clone().text()}`);
        const { allowed } = (await answer.json()) as { allowed: boolean };
        assert.equal(allowed, (rolePermissions[role] as readonly Permission[]).includes(permission), permission);
      }
    });
  }
});

describe('in the registry', async () => {
  const time = createTestClock();
  const other = await startTestRegistry({ clock: time.clock });
  const userId = await other.addUser('anna');
  const run = (sql: string) => other.query(sql);
  await run(`insert into role (name, level, permissions, created_at, updated_at) values ('one', 'system', '[]', 1, 1)`);
  await run(
    `insert into system_member (role_id, entity_type, entity_id, created_at)
      select id, 'u', ${userId}, 1 from role where name = 'one'`,
  );
  // Who may change accounts may not make administrators of them: that is for administrators.
  const forAdministrators: ReadonlySet<string> = new Set(['setUserSysAdmin']);
  const records = allRecords.filter(({ at, operationId }) => at === 'system' && !forAdministrators.has(operationId));
  const own = [...new Set(records.map(({ permission }) => permission as Permission))];

  test('a role with one permission opens what asks that one, and nothing else', async () => {
    await using _ = other;
    for (const permission of own) {
      await run(`update role set permissions = '${JSON.stringify([permission])}'`);
      // What is remembered of roles is a quarter of a minute old at most.
      time.advance(20_000);
      const asked = records.map(async (record) => [
        record.operationId,
        await isLetIn(other, record, 'library', other.basic('anna')),
      ]);
      const wanted = records.map((record) => [record.operationId, record.permission === permission]);
      assert.deepEqual(Object.fromEntries(await Promise.all(asked)), Object.fromEntries(wanted), permission);
    }
  });
});
