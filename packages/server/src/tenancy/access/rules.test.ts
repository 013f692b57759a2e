import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Permission,
  permissions,
  type ProjectRole,
  publicPermissions,
  roleIds,
  rolePermissions,
} from '@entrepot/contract/permissions';
import type { RobotActor, TokenActor } from '#kernel/actor';
import { aRole } from '#testing/given-roles';
import { adminRule, explain, findRule, publicRule, robotRules, ruleOf, tokenAskedFor, tokenMay } from './rules.ts';

const team = { id: 1, name: 'team', public: false };

/** Harbor's totals: what its own roles may, beside what Entrepot adds to administrators of projects. */
const harborsTotals: Readonly<Record<ProjectRole, number>> = {
  projectAdmin: 75,
  maintainer: 53,
  developer: 36,
  guest: 20,
  limitedGuest: 14,
};
const ours = /^(?:artifact:push-sparse|metadata:list|access:|workload-identity:)/;

describe('the roles', () => {
  for (const [role, total] of Object.entries(harborsTotals)) {
    test(`${role} has what Harbor gives it`, () => {
      const held = rolePermissions[role as ProjectRole];
      assert.equal(new Set(held).size, held.length, 'none twice');
      assert.equal(held.filter((permission) => !ours.test(permission)).length, total);
    });
  }

  test('a public project shows itself and its content, and nothing of its people', () => {
    assert.equal(publicPermissions.length, 12);
    for (const permission of publicPermissions) assert.match(permission, /:(?:read|list|pull)$/);
    assert.ok(!publicPermissions.some((permission) => /^(?:member|log|robot|metadata|quota)/.test(permission)));
  });

  for (const [role, id] of Object.entries(roleIds)) {
    const rules = [ruleOf(aRole(id), 'in the project')];
    for (const permission of permissions) {
      const wanted = (rolePermissions[role as ProjectRole] as readonly Permission[]).includes(permission);
      test(`a ${role} ${wanted ? 'may' : 'may not'} ${permission}`, () => {
        assert.equal(findRule(rules, permission, undefined) !== undefined, wanted);
        assert.equal(findRule(rules, permission, 'app') !== undefined, wanted);
      });
    }
  }

  test('an administrator of the registry may everything', () => {
    for (const permission of permissions) assert.ok(findRule([adminRule], permission, 'app'));
  });

  test('a role that does not exist gives nothing', () => {
    for (const id of [0, 6, -1, Number.NaN, 1001]) {
      const rules = [ruleOf(aRole(id), 'in the project')];
      for (const permission of permissions) assert.equal(findRule(rules, permission, 'app'), undefined);
    }
  });

  test('a role of one’s own gives what it is made of', () => {
    const rules = [ruleOf(aRole(1001, { roleName: 'auditor', permissions: ['log:list'] }), 'in the project')];
    assert.ok(findRule(rules, 'log:list', undefined));
    assert.equal(findRule(rules, 'project:read', undefined), undefined);
  });

  test('a role for some repositories reaches those and shows the project', () => {
    const rules = [ruleOf(aRole(roleIds.maintainer, { pattern: 'app/**' }), 'in the project')];
    assert.ok(findRule(rules, 'repository:push', 'app/web'));
    assert.equal(findRule(rules, 'repository:push', 'other'), undefined);
    assert.equal(findRule(rules, 'repository:push', undefined), undefined, 'not the project as a whole');
    assert.ok(findRule(rules, 'project:read', undefined));
    assert.equal(findRule(rules, 'member:list', undefined), undefined);
  });

  test('the decision names the rule that made it, and what was looked at', () => {
    const rules = [
      publicRule,
      ruleOf(aRole(roleIds.guest), 'in the project'),
      ruleOf(aRole(roleIds.developer, { group: 'devs' }), 'in the project'),
    ];
    const decision = explain(rules, 'repository:push', 'app');
    assert.equal(decision.allowed, true);
    assert.equal(decision.rule, 'role developer in the project, as a member of the group devs');
    assert.deepEqual(
      decision.considered.map(({ allows }) => allows),
      [false, false, true],
    );
    assert.deepEqual(explain(rules, 'project:delete', undefined).rule, undefined);
  });
});

const robot = (fields: Partial<RobotActor>): RobotActor => ({
  kind: 'robot',
  robotId: 3,
  name: 'robot$ci',
  projectId: undefined,
  grants: [],
  ...fields,
});

describe('a robot', () => {
  const pulls = new Set<Permission>(['repository:pull']);

  test('has what it was given where it was given', () => {
    const here = robotRules(robot({ grants: [{ place: 1, permissions: pulls }] }), team);
    assert.ok(findRule(here, 'repository:pull', 'app'));
    assert.equal(findRule(here, 'repository:push', 'app'), undefined);
    assert.deepEqual(robotRules(robot({ grants: [{ place: 2, permissions: pulls }] }), team), []);
    assert.deepEqual(robotRules(robot({ grants: [{ place: 1, permissions: pulls }] }), undefined), []);
  });

  test('for every project has nothing in the registry itself', () => {
    const wide = robot({ grants: [{ place: 'every-project', permissions: new Set<Permission>(['robot:create']) }] });
    assert.ok(findRule(robotRules(wide, team), 'robot:create', undefined));
    assert.deepEqual(robotRules(wide, undefined), []);
  });

  test('of the registry has nothing in projects', () => {
    const system = robot({ grants: [{ place: 'system', permissions: new Set<Permission>(['label:create']) }] });
    assert.ok(findRule(robotRules(system, undefined), 'label:create', undefined));
    assert.deepEqual(robotRules(system, team), []);
  });

  test('that is limited to repositories reaches no other', () => {
    const limited = robot({ grants: [{ place: 1, permissions: pulls }], repositories: ['app/*'] });
    assert.ok(findRule(robotRules(limited, team), 'repository:pull', 'app/web'));
    assert.equal(findRule(robotRules(limited, team), 'repository:pull', 'other'), undefined);
  });
});

const token = (...actions: readonly string[]): TokenActor => ({
  kind: 'token',
  account: { kind: 'user', userId: 7, name: 'anna', admin: false },
  catalog: false,
  grants: [{ repository: 'team/app', projectId: 1, actions }],
});

const tokenTable: readonly (readonly [string, readonly string[], Permission, boolean])[] = [
  ['a pull token pulls', ['pull'], 'repository:pull', true],
  ['a pull token lists tags', ['pull'], 'tag:list', true],
  ['a pull token does not push', ['pull'], 'repository:push', false],
  ['a pull token does not delete', ['pull'], 'artifact:delete', false],
  ['a push token pushes', ['push'], 'repository:push', true],
  ['a push token alone does not pull', ['push'], 'repository:pull', false],
  ['a push token does not delete', ['pull', 'push'], 'artifact:delete', false],
  ['a delete token deletes', ['delete'], 'artifact:delete', true],
  ['a token never deletes a project', ['pull', 'push', 'delete', '*'], 'project:delete', false],
  ['a token never makes a project', ['pull', 'push', 'delete', '*'], 'project:create', false],
  ['a token without actions does nothing', [], 'repository:pull', false],
  ['a star in a token is no action', ['*'], 'repository:pull', false],
];

for (const [name, actions, permission, wanted] of tokenTable) {
  test(name, () => assert.equal(tokenMay(token(...actions), permission, team, 'team/app'), wanted));
}

test('a token is good in its own repository of its own project only', () => {
  const pull = (project: { id: number; public: boolean }, repository: string) =>
    tokenMay(token('pull'), 'repository:pull', { name: 'team', ...project }, repository);
  assert.equal(pull(team, 'team/app'), true);
  assert.equal(pull(team, 'team/ap'), false);
  assert.equal(pull(team, 'team/app/sub'), false);
  assert.equal(pull({ id: 9, public: false }, 'team/app'), false, 'a project made anew under the name');
  assert.equal(pull({ id: 9, public: true }, 'team/app'), false, 'though it be public');
});

test('an administrator’s token is good for what it says and no more', () => {
  const admins: TokenActor = { ...token('pull'), account: { kind: 'user', userId: 1, name: 'admin', admin: true } };
  assert.equal(tokenMay(admins, 'repository:push', team, 'team/app'), false);
  assert.equal(tokenMay(admins, 'repository:pull', team, 'team/other'), false);
});

test('a token tells what it was fetched for, granted or not', () => {
  assert.equal(tokenAskedFor(token(), 'team/app'), true);
  assert.equal(tokenAskedFor(token('pull'), 'team/other'), false);
  assert.equal(tokenAskedFor({ kind: 'anonymous' }, 'team/other'), true);
});
