import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Permission } from '@entrepot/contract/permissions';
import type { Actor, RobotGrant } from '#kernel/actor';
import { createFindAuditScope } from './scope.ts';

/** Somebody who has these permissions in the registry, and may list the logs of these of his projects. */
function scopeOf(actor: Actor, { inSystem = [], logs = [] }: { inSystem?: Permission[]; logs?: number[] } = {}) {
  const find = createFindAuditScope({
    access: {
      mayInSystem: (_actor, permission) => inSystem.includes(permission),
      accountOfMay: (_actor, permission, project) => permission === 'log:list' && logs.includes(project.id),
    },
    roles: { projectsOf: async () => [1, 2, 3] },
  });
  return find(actor);
}

const user: Actor = { kind: 'user', userId: 1, name: 'anna', admin: false };
const robot = (...grants: RobotGrant[]): Actor => ({
  kind: 'robot',
  robotId: 1,
  name: 'robot$r',
  projectId: 1,
  grants,
});
const may = (place: RobotGrant['place'], ...permissions: Permission[]): RobotGrant => ({
  place,
  permissions: new Set(permissions),
});

test('whoever may list the audit reads all of it', async () => {
  assert.deepEqual(await scopeOf(user, { inSystem: ['audit-log:list'] }), { kind: 'all' });
});

test('whoever may list the log of every project reads what is of projects', async () => {
  assert.deepEqual(await scopeOf(user, { inSystem: ['log:list'] }), { kind: 'every-project' });
});

test('others read that of the projects whose log they may list', async () => {
  assert.deepEqual(await scopeOf(user, { logs: [2, 3, 4] }), { kind: 'projects', projectIds: [2, 3] });
  assert.deepEqual(await scopeOf(user), { kind: 'projects', projectIds: [] });
  assert.deepEqual(await scopeOf({ kind: 'anonymous' }, { logs: [1] }), { kind: 'projects', projectIds: [] });
});

test('a robot reads that of the projects where it was given so', async () => {
  const some = robot(may(7, 'log:list', 'project:read'), may(8, 'project:read'), may('system', 'log:list'));
  assert.deepEqual(await scopeOf(some), { kind: 'projects', projectIds: [7] });
  assert.deepEqual(await scopeOf(robot(may('every-project', 'log:list'))), { kind: 'every-project' });
});
