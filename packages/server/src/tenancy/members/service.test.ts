import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grantableInProject } from '@entrepot/contract/permissions';
import { type ErrorCode, RegistryError } from '#kernel/errors';
import { createGroupStore } from '#tenancy/groups';
import { createGiving, createRoleStore } from '#tenancy/roles';
import { createUserStore } from '#tenancy/users';
import { forEachDialect } from '#testing/databases';
import { startPeople } from '#testing/people';
import { createMembers } from './service.ts';

const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof RegistryError && error.code === code;

forEachDialect('members', (on) => {
  async function start() {
    const place = await on.open();
    const people = await startPeople(place);
    const { db, access, transact, audit, clock } = people;
    const [groups, roles] = [createGroupStore(db), createRoleStore(db)];
    let changes = 0;
    const members = createMembers({
      store: people.members,
      users: createUserStore(db),
      groups,
      giving: createGiving({ access, roles }),
      transact,
      audit,
      clock,
      findElsewhere: async (name) => (name === 'ldap-anna' ? (await people.person(name)).id : undefined),
      onRolesChange() {
        changes += 1;
        access.forgetRoles();
      },
    });
    const owner = await people.person('owner');
    const team = await people.projects.create(owner, { name: 'team', public: false });
    people.audited.length = 0;
    const user = (id: number) => ({ kind: 'user', id, name: undefined }) as const;
    const named = (name: string) => ({ kind: 'user', id: undefined, name }) as const;
    const group = (fields: { id?: number; name?: string; type?: number; dn?: string }) => ({
      kind: 'group' as const,
      id: fields.id,
      name: fields.name,
      type: fields.type,
      dn: fields.dn,
    });
    const listed = async (name = '') => {
      const found = await members.list(team.id, { name, page: 1, pageSize: 10 });
      return found.members.map(({ entityName, roleName }) => `${entityName}: ${roleName}`);
    };
    return {
      place,
      ...people,
      store: people.members,
      members,
      groups,
      roles,
      owner,
      team,
      user,
      named,
      group,
      listed,
      changes: () => changes,
    };
  }

  test('are users and groups, by id or by what they are called', async () => {
    const { place, members, person, owner, team, user, named, group, groups, listed, transact, audited, changes } =
      await start();
    await using _ = place;
    const anna = await person('anna');
    await person('bert');
    const local = (await transact((tx) => groups.insert(tx, { name: 'night shift', type: 4, dn: '' }, 1))) ?? 0;
    const id = await members.add(owner, team, user(anna.id), 2);
    await members.add(owner, team, named('bert'), 3);
    await members.add(owner, team, named('ldap-anna'), 5);
    await members.add(owner, team, group({ id: local }), 4);
    await members.add(owner, team, group({ dn: 'cn=dev,dc=x', name: 'dev', type: 1 }), 2);
    await members.add(owner, team, group({ name: 'ops', type: 3 }), 3);
    assert.deepEqual(await listed(), [
      'anna: developer',
      'bert: guest',
      'dev: developer',
      'ldap-anna: limitedGuest',
      'night shift: maintainer',
      'ops: guest',
      'owner: projectAdmin',
    ]);
    assert.deepEqual(await listed('NN'), ['anna: developer', 'ldap-anna: limitedGuest']);
    assert.deepEqual(await listed('%'), []);
    assert.equal((await members.get(team, id)).entityId, anna.id);
    assert.equal(changes(), 6);
    assert.deepEqual(
      audited.slice(0, 1).map((entry) => [entry.action, entry.projectId, entry.after]),
      [['create-member', team.id, { entityType: 'u', entityId: anna.id, roleId: 2, role: 'developer' }]],
    );
  });

  test('are members once, and of groups that are known once', async () => {
    const { place, members, person, owner, team, user, group } = await start();
    await using _ = place;
    const anna = await person('anna');
    await members.add(owner, team, user(anna.id), 2);
    await assert.rejects(members.add(owner, team, user(anna.id), 3), failsWith('conflict'));
    await members.add(owner, team, group({ dn: 'cn=dev,dc=x', type: 1 }), 2);
    await assert.rejects(
      members.add(owner, team, group({ dn: 'cn=dev,dc=x', name: 'other', type: 1 }), 2),
      failsWith('conflict'),
    );
    assert.equal((await place.query('select * from user_group')).length, 1);
  });

  test('are nobody who is not there, with no role that is not there', async () => {
    const { place, members, owner, team, user, named, group, transact, roles, person } = await start();
    await using _ = place;
    await assert.rejects(members.add(owner, team, user(4711), 2), failsWith('object-not-found'));
    await assert.rejects(members.add(owner, team, named('nobody'), 2), failsWith('object-not-found'));
    await assert.rejects(members.add(owner, team, group({ id: 4711 }), 2), failsWith('object-not-found'));
    await assert.rejects(members.add(owner, team, group({ name: 'nobody' }), 2), failsWith('object-not-found'));
    const anna = await person('anna');
    const wide = { name: 'wide', level: 'system', description: '', permissions: ['project:read'] } as const;
    const system = (await transact((tx) => roles.insert(tx, wide, 1))) ?? 0;
    for (const roleId of [0, 6, 1000, 4711, system]) {
      await assert.rejects(members.add(owner, team, user(anna.id), roleId), failsWith('body-invalid'), String(roleId));
    }
    assert.deepEqual(await place.query('select * from user_group'), []);
  });

  test('of one project cannot be reached through another', async () => {
    const { place, members, projects, person, owner, team, user } = await start();
    await using _ = place;
    const anna = await person('anna');
    const other = await projects.create(anna, { name: 'other', public: false });
    const [foreign] = (await members.list(other.id, { name: '', page: 1, pageSize: 10 })).members;
    const id = foreign?.id ?? 0;
    await assert.rejects(members.get(team, id), failsWith('object-not-found'));
    await assert.rejects(members.change(owner, team, id, 3), failsWith('object-not-found'));
    await assert.rejects(members.remove(owner, team, id), failsWith('object-not-found'));
    assert.equal((await members.get(other, id)).roleId, 1);
    assert.ok(await members.add(anna, other, user(owner.id), 3));
  });

  test('keep an administrator (C2 20)', async () => {
    const { place, members, person, owner, admin, team, user, group, groups, transact, audited } = await start();
    await using _ = place;
    const [own] = (await members.list(team.id, { name: 'owner', page: 1, pageSize: 10 })).members;
    const id = own?.id ?? 0;
    await assert.rejects(members.remove(owner, team, id), failsWith('conflict'));
    await assert.rejects(members.change(owner, team, id, 4), failsWith('conflict'));
    const empty = (await transact((tx) => groups.insert(tx, { name: 'empty', type: 4, dn: '' }, 1))) ?? 0;
    await members.add(owner, team, group({ id: empty }), 1);
    await assert.rejects(members.remove(owner, team, id), failsWith('conflict'), 'an empty group administers nothing');
    const anna = await person('anna');
    const annas = await members.add(owner, team, user(anna.id), 1);
    await members.change(owner, team, id, 4);
    assert.equal((await members.get(team, id)).roleName, 'maintainer');
    assert.deepEqual([audited.at(-1)?.before?.['roleId'], audited.at(-1)?.after?.['roleId']], [1, 4]);
    await assert.rejects(members.remove(anna, team, annas), failsWith('conflict'));
    await transact((tx) => groups.addPerson(tx, empty, owner.id));
    await members.remove(anna, team, annas);
    await members.add(admin, team, user(anna.id), 3);
    const [whole] = (await members.list(team.id, { name: 'empty', page: 1, pageSize: 10 })).members;
    await members.remove(admin, team, whole?.id ?? 0);
  });

  test('do not lose their administrators to two who leave at once', async () => {
    const { place, members, person, owner, team, user } = await start();
    await using _ = place;
    const anna = await person('anna');
    const annas = await members.add(owner, team, user(anna.id), 1);
    const [own] = (await members.list(team.id, { name: 'owner', page: 1, pageSize: 10 })).members;
    const left = await Promise.allSettled([
      members.remove(owner, team, own?.id ?? 0),
      members.remove(anna, team, annas),
    ]);
    assert.equal(left.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  test('are given no more than the giver has', async () => {
    const { place, members, person, owner, admin, team, user, roles, transact, access } = await start();
    await using _ = place;
    const insert = (
      name: string,
      permissions: readonly ('member:create' | 'project:read' | 'log:list' | 'robot:create')[],
    ) =>
      transact((tx) => roles.insert(tx, { name, level: 'project', description: '', permissions }, 1)).then(
        (id) => id ?? 0,
      );
    const recruiter = await insert('recruiter', ['member:create', 'project:read']);
    const watcher = await insert('watcher', ['project:read', 'log:list']);
    const [anna, bert, carl] = [await person('anna'), await person('bert'), await person('carl')];
    await members.add(owner, team, user(anna.id), recruiter);
    for (const role of [1, 2, 4, watcher]) {
      await assert.rejects(members.add(anna, team, user(bert.id), role), failsWith('denied'), String(role));
    }
    await members.add(anna, team, user(bert.id), recruiter);
    await members.add(owner, team, user(carl.id), watcher);
    const system = await insert('beyond', ['project:read']);
    await place.query(`update role set permissions = '["garbage-collection:create"]' where id = ${system}`);
    access.forgetRoles();
    const dora = await person('dora');
    await assert.rejects(members.add(owner, team, user(dora.id), system), failsWith('denied'));
    await members.add(admin, team, user(dora.id), system);
  });

  test('by robots are given what a robot can have itself', async () => {
    const { place, members, person, team, user } = await start();
    await using _ = place;
    const robot = (permissions: readonly (typeof grantableInProject)[number][]) => ({
      actor: {
        kind: 'robot' as const,
        robotId: 1,
        name: 'robot$ci',
        projectId: undefined,
        grants: [{ place: team.id, permissions: new Set(permissions) }],
      },
      address: '192.0.2.1',
      requestId: 'r',
    });
    const anna = await person('anna');
    await assert.rejects(members.add(robot(['member:create']), team, user(anna.id), 1), failsWith('denied'));
    await assert.rejects(members.add(robot(['member:create']), team, user(anna.id), 5), failsWith('denied'));
    await members.add(robot(grantableInProject), team, user(anna.id), 1);
  });

  test('go with the user or the group', async () => {
    const { place, store, members, person, owner, team, user, transact } = await start();
    await using _ = place;
    const anna = await person('anna');
    await members.add(owner, team, user(anna.id), 2);
    await place.query(`insert into repository_member (project_id, pattern, entity_type, entity_id, role_id, created_at)
      values (${team.id}, '**', 'u', ${anna.id}, 2, 1)`);
    await transact((tx) => store.forget(tx, { type: 'u', id: anna.id }));
    assert.equal((await place.query('select * from member')).length, 1);
    assert.equal((await place.query('select * from repository_member')).length, 0);
  });
});
