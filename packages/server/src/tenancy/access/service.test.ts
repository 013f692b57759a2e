import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roleIds } from '@entrepot/contract/permissions';
import { type Actor, anonymous, type UserActor } from '#kernel/actor';
import { aRole } from '#testing/given-roles';
import { createTestClock } from '#testing/test-clock';
import { createAccess } from './service.ts';
import type { Project, RoleGiven } from './types.ts';

const anna: UserActor = { kind: 'user', userId: 7, name: 'anna', admin: false };
const root: UserActor = { kind: 'user', userId: 1, name: 'admin', admin: true };
const team: Project = { id: 1, name: 'team', public: false };
const open: Project = { id: 2, name: 'open', public: true };

function setUp(options: { anonymousPull?: boolean; later?: boolean } = {}) {
  const time = createTestClock();
  const projects = new Map([team, open].map((project) => [project.name, project]));
  const roles = new Map<string, RoleGiven[]>();
  const answer = <T>(value: T) => (options.later === true ? Promise.resolve(value) : value);
  const asked = { projects: 0, roles: 0 };
  const access = createAccess({
    clock: time.clock,
    anonymousPull: options.anonymousPull ?? true,
    projects: {
      find(name) {
        asked.projects += 1;
        return answer(projects.get(name));
      },
    },
    roles: {
      inProject(projectId, userId) {
        asked.roles += 1;
        return answer(roles.get(`${projectId}:${userId}`) ?? []);
      },
      inSystem: (userId) => answer(roles.get(`0:${userId}`) ?? []),
      projectsOf: async () => [1],
    },
  });
  const mayPull = async (actor: Actor, project: Project) => access.accountOfMay(actor, 'repository:pull', project);
  return { access, time, projects, roles, asked, mayPull };
}

for (const later of [false, true]) {
  const how = later ? ' from a database that answers later' : '';
  test(`a role decides${how}, and is asked for once in a while`, async () => {
    const { mayPull, roles, asked, time } = setUp({ later });
    roles.set('1:7', [aRole(roleIds.guest)]);
    for (let at = 0; at < 5; at++) assert.equal(await mayPull(anna, team), true);
    assert.equal(asked.roles, 1);
    roles.delete('1:7');
    time.advance(15_000);
    assert.equal(await mayPull(anna, team), false, 'a role that was taken away is noticed');
  });

  test(`a project is found${how}, remembered for seconds, and forgotten on demand`, async () => {
    const { access, projects, asked, time } = setUp({ later });
    assert.equal(await access.findProject('team'), team);
    projects.set('team', { ...team, id: 9 });
    assert.equal((await access.findProject('team'))?.id, 1);
    time.advance(5000);
    assert.equal((await access.findProject('team'))?.id, 9);
    projects.delete('team');
    access.forgetProject('team');
    assert.equal(await access.findProject('team'), undefined);
    projects.set('team', team);
    assert.equal(await access.findProject('team'), team, 'that there is none is not remembered');
    assert.equal(asked.projects, 4);
  });
}

test('an administrator needs no role, and nobody has none', async () => {
  const { mayPull, asked } = setUp();
  assert.equal(await mayPull(root, team), true);
  assert.equal(await mayPull(anonymous, team), false);
  assert.equal(asked.roles, 0);
});

test('a public project is open to all where anonymous pull is on', async () => {
  const { mayPull } = setUp();
  assert.equal(await mayPull(anonymous, open), true);
  assert.equal(await mayPull(anna, open), true);
});

test('without anonymous pull a public project is open to every account and to nobody else', async () => {
  const { access, mayPull } = setUp({ anonymousPull: false });
  assert.equal(await mayPull(anonymous, open), false);
  assert.equal(await mayPull(anna, open), true);
  assert.equal(await mayPull(anna, team), false);
  assert.equal(await access.accountOfMay(anna, 'repository:push', open), false);
});

test('a token is judged by what it says, the account behind it by its own rights', async () => {
  const { access, roles } = setUp();
  roles.set('1:7', [aRole(roleIds.developer)]);
  const token: Actor = {
    kind: 'token',
    account: anna,
    catalog: false,
    grants: [{ repository: 'team/app', projectId: 1, actions: ['pull'] }],
  };
  assert.equal(await access.may(token, 'repository:pull', team, 'team/app'), true);
  assert.equal(await access.may(token, 'repository:push', team, 'team/app'), false);
  assert.equal(await access.accountOfMay(token, 'repository:push', team), true);
  assert.equal(await access.may(anna, 'repository:push', team, 'team/app'), true);
});

test('roles of two users and two projects are never mixed up', async () => {
  const { mayPull, roles } = setUp();
  roles.set('1:17', [aRole(roleIds.guest)]);
  roles.set('11:7', [aRole(roleIds.guest)]);
  assert.equal(await mayPull({ ...anna, userId: 17 }, team), true);
  assert.equal(await mayPull(anna, team), false);
  assert.equal(await mayPull(anna, { id: 11, name: 'x', public: false }), true);
});

test('a role in the registry reaches into every project', async () => {
  const { access, mayPull, roles } = setUp();
  roles.set('0:7', [aRole(1001, { permissions: ['repository:pull', 'project:read', 'audit-log:list'] })]);
  assert.equal(await mayPull(anna, team), true);
  assert.equal(await access.mayInSystem(anna, 'audit-log:list'), true);
  assert.equal(await access.mayInSystem(anna, 'user:list'), false);
  assert.deepEqual(await access.viewerOf(anna), { kind: 'all' });
});

test('what may not be done is refused as far as the asker may know', async () => {
  const { access, roles } = setUp();
  const asks = (actor: Actor, project: Project) => access.demand(actor, 'robot:create', { project });
  await assert.rejects(asks(anonymous, team), { code: 'unauthorized' });
  await assert.rejects(asks(anonymous, open), { code: 'unauthorized' });
  await assert.rejects(asks(anna, team), { code: 'project-not-found', message: 'project team not found' });
  await assert.rejects(asks(anna, open), { code: 'denied' });
  roles.set('1:7', [aRole(roleIds.guest)]);
  access.forgetRoles();
  await assert.rejects(asks(anna, team), { code: 'denied' });
  await asks(root, team);
  await assert.rejects(access.demandInSystem(anonymous, 'user:list'), { code: 'unauthorized' });
  await assert.rejects(access.demandInSystem(anna, 'user:list'), { code: 'denied' });
  await access.demandInSystem(root, 'user:list');
});

test('lists are for the eyes of whoever asks', async () => {
  const { access } = setUp();
  assert.deepEqual(await access.viewerOf(anna), { kind: 'some', projectIds: [1], publicToo: true });
  assert.deepEqual(await access.viewerOf(root), { kind: 'all' });
  assert.deepEqual(await access.viewerOf(anonymous), { kind: 'some', projectIds: [], publicToo: true });
  const robot: Actor = {
    kind: 'robot',
    robotId: 1,
    name: 'robot$x',
    projectId: 2,
    grants: [{ place: 2, permissions: new Set(['repository:pull']) }],
  };
  assert.deepEqual(await access.viewerOf(robot), { kind: 'some', projectIds: [2], publicToo: true });
});
