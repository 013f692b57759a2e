import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, RegistryError } from '#kernel/errors';
import { createGroupStore } from '#tenancy/groups';
import { createSeek } from '#tenancy/members';
import { createGiving, createRoleStore } from '#tenancy/roles';
import { createUserStore } from '#tenancy/users';
import { forEachDialect } from '#testing/databases';
import { startPeople } from '#testing/people';
import { createAssignments } from './service.ts';
import { createAssignmentStore } from './store.ts';

const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof RegistryError && error.code === code;
const firstPage = { page: 1, pageSize: 10 };

forEachDialect('roles beyond whole projects', (on) => {
  async function start() {
    const place = await on.open();
    const people = await startPeople(place);
    const { db, access, transact, audit, clock } = people;
    const [roles, groups] = [createRoleStore(db), createGroupStore(db)];
    const assignments = createAssignments({
      store: createAssignmentStore(db),
      roles,
      giving: createGiving({ access, roles }),
      seek: createSeek({ users: createUserStore(db), groups, clock }),
      transact,
      audit,
      clock,
      onRolesChange: access.forgetRoles,
    });
    const makeRole = async (
      level: 'project' | 'system',
      permissions: readonly ('project:read' | 'user:list' | 'role:update')[],
    ) =>
      (await transact((tx) =>
        roles.insert(tx, { name: `${level} ${permissions.join()}`, level, description: '', permissions }, 1),
      )) ?? 0;
    const user = (name: string) => ({ kind: 'user', id: undefined, name }) as const;
    const group = (id: number) => ({ kind: 'group', id, name: undefined, type: undefined, dn: undefined }) as const;
    return { place, ...people, groups, assignments, makeRole, user, group };
  }

  test('in the registry are of the level system, and reach into every project', async () => {
    const { place, assignments, makeRole, admin, person, projects, access, user, audited } = await start();
    await using _ = place;
    const anna = await person('anna');
    const team = await projects.create(admin, { name: 'team', public: false });
    const wide = await makeRole('system', ['project:read', 'user:list']);
    const narrow = await makeRole('project', ['project:read']);
    const id = await assignments.addInSystem(admin, user('anna'), wide);
    assert.equal(await access.mayInSystem(anna.actor, 'user:list'), true);
    assert.equal(await access.accountOfMay(anna.actor, 'project:read', team), true);
    await assert.rejects(assignments.addInSystem(admin, user('anna'), wide), failsWith('conflict'));
    for (const role of [narrow, 1, 4711]) {
      await assert.rejects(assignments.addInSystem(admin, user('anna'), role), failsWith('body-invalid'));
    }
    await assert.rejects(assignments.addInSystem(admin, user('nobody'), wide), failsWith('object-not-found'));
    const listed = await assignments.listInSystem(firstPage);
    assert.deepEqual(
      [listed.total, listed.assignments.map(({ entityName, roleId }) => [entityName, roleId])],
      [1, [['anna', wide]]],
    );
    await assignments.removeInSystem(admin, id);
    assert.equal(await access.mayInSystem(anna.actor, 'user:list'), false);
    await assert.rejects(assignments.removeInSystem(admin, id), failsWith('object-not-found'));
    assert.deepEqual(
      audited.slice(-2).map(({ action }) => action),
      ['create-member', 'delete-member'],
    );
  });

  test('in the registry are given by those only who have all that they give', async () => {
    const { place, assignments, makeRole, admin, person, user } = await start();
    await using _ = place;
    const [anna] = [await person('anna'), await person('bert')];
    const keeper = await makeRole('system', ['role:update']);
    const wide = await makeRole('system', ['role:update', 'user:list']);
    await assignments.addInSystem(admin, user('anna'), keeper);
    await assignments.addInSystem(anna, user('bert'), keeper);
    await assert.rejects(assignments.addInSystem(anna, user('anna'), wide), failsWith('denied'));
  });

  test('in repositories reach what the pattern matches, through groups as well', async () => {
    const { place, assignments, admin, person, projects, access, groups, group, transact } = await start();
    await using _ = place;
    const anna = await person('anna');
    const team = await projects.create(admin, { name: 'team', public: false });
    const dev = (await transact((tx) => groups.insert(tx, { name: 'dev', type: 4, dn: '' }, 1))) ?? 0;
    await transact((tx) => groups.addPerson(tx, dev, anna.id));
    const given = { sought: group(dev), pattern: 'app/**', roleId: 2 };
    const id = await assignments.addInProject(admin, team, given);
    const pushes = (repository: string) =>
      access.accountOfMay(anna.actor, 'repository:push', team, `team/${repository}`);
    assert.deepEqual([await pushes('app/web'), await pushes('other')], [true, false]);
    await assert.rejects(assignments.addInProject(admin, team, given), failsWith('conflict'));
    await assignments.addInProject(admin, team, { ...given, pattern: 'lib' });
    await assignments.changeInProject(admin, team, id, 3);
    assert.equal(await pushes('app/web'), false);
    const listed = await assignments.listInProject(team.id, firstPage);
    assert.deepEqual(
      listed.assignments.map(({ pattern, roleName }) => [pattern, roleName]),
      [
        ['app/**', 'guest'],
        ['lib', 'developer'],
      ],
    );
    await assignments.removeInProject(admin, team, id);
    assert.equal((await assignments.listInProject(team.id, firstPage)).total, 1);
    for (const pattern of ['', 'a b', 'A/**', 'x\0']) {
      await assert.rejects(
        assignments.addInProject(admin, team, { ...given, pattern }),
        failsWith('body-invalid'),
        pattern,
      );
    }
  });

  test('in repositories of another project are not there, and no more is given than one has', async () => {
    const { place, assignments, admin, person, projects, members, transact, access, user } = await start();
    await using _ = place;
    const anna = await person('anna');
    const [team, other] = [
      await projects.create(admin, { name: 'team', public: false }),
      await projects.create(anna, { name: 'other', public: false }),
    ];
    const id = await assignments.addInProject(admin, team, { sought: user('anna'), pattern: '**', roleId: 3 });
    await assert.rejects(assignments.removeInProject(anna, other, id), failsWith('object-not-found'));
    await assert.rejects(assignments.changeInProject(anna, other, id, 1), failsWith('object-not-found'));
    await transact((tx) =>
      members.put(tx, { projectId: team.id, entityType: 'u', entityId: anna.id, roleId: 4, at: 1 }),
    );
    access.forgetRoles();
    await assert.rejects(assignments.changeInProject(anna, team, id, 1), failsWith('denied'));
    await assert.rejects(
      assignments.addInProject(anna, team, { sought: user('admin'), pattern: 'x', roleId: 1 }),
      failsWith('denied'),
    );
    await assignments.addInProject(anna, team, { sought: user('admin'), pattern: 'x', roleId: 2 });
  });
});
