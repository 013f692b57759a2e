import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { forEachDialect } from '#testing/databases';
import { startPeople } from '#testing/people';
import { createGiving } from './giving.ts';
import { createRoles } from './service.ts';
import { createRoleStore } from './store.ts';

const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof RegistryError && error.code === code;

forEachDialect('roles of one’s own', (on) => {
  async function start() {
    const place = await on.open();
    const people = await startPeople(place);
    const { db, access, transact, audit, clock } = people;
    const store = createRoleStore(db);
    const giving = createGiving({ access, roles: store });
    const roles = createRoles({ store, giving, transact, audit, clock, onRolesChange: access.forgetRoles });
    const make = (name: string, permissions: readonly string[], level: 'project' | 'system' = 'project') =>
      roles.create(people.admin, { name, description: '', permissions, level });
    return { place, ...people, store, roles, make };
  }

  test('are made of the vocabulary of their level, with ids that no role of Harbor has', async () => {
    const { place, roles, make, audited } = await start();
    await using _ = place;
    const id = await make('auditor', ['project:read', 'log:list', 'log:list']);
    assert.ok(id > 1000);
    const role = await roles.get(id);
    assert.deepEqual([role.name, role.level, role.permissions], ['auditor', 'project', ['log:list', 'project:read']]);
    await assert.rejects(make('auditor', []), failsWith('conflict'));
    await assert.rejects(make('other', ['garbage-collection:create']), failsWith('body-invalid'));
    await assert.rejects(make('other', ['everything']), failsWith('body-invalid'));
    await assert.rejects(make('other', ['toString']), failsWith('body-invalid'));
    for (const name of ['', ' x', 'a\nb', 'a\0', 'x'.repeat(65)]) {
      await assert.rejects(make(name, []), failsWith('body-invalid'), JSON.stringify(name));
    }
    await make('operator', ['garbage-collection:create', 'repository:pull'], 'system');
    const listed = await roles.list(readListQuery({ q: 'level=system' }));
    assert.deepEqual([listed.total, listed.roles.map(({ name }) => name)], [1, ['operator']]);
    assert.deepEqual(audited[0]?.after, {
      name: 'auditor',
      description: '',
      level: 'project',
      permissions: ['log:list', 'project:read'],
    });
  });

  test('change for everybody who has them, at once', async () => {
    const { place, roles, make, admin, person, projects, members, transact, access } = await start();
    await using _ = place;
    const anna = await person('anna');
    const team = await projects.create(admin, { name: 'team', public: false });
    const id = await make('watcher', ['project:read']);
    await transact((tx) =>
      members.put(tx, { projectId: team.id, entityType: 'u', entityId: anna.id, roleId: id, at: 1 }),
    );
    access.forgetRoles();
    const may = () => access.accountOfMay(anna.actor, 'log:list', team);
    assert.equal(await may(), false);
    await roles.update(admin, id, { name: 'watcher', description: '', permissions: ['log:list', 'project:read'] });
    assert.equal(await may(), true);
    await make('other', []);
    await assert.rejects(
      roles.update(admin, id, { name: 'other', description: '', permissions: [] }),
      failsWith('conflict'),
    );
    await assert.rejects(
      roles.update(admin, id, { name: 'w', description: '', permissions: ['system-volumes:read'] }),
      failsWith('body-invalid'),
    );
    await assert.rejects(roles.remove(admin, id), failsWith('conflict'));
    await place.query('delete from member');
    await roles.remove(admin, id);
    await assert.rejects(roles.get(id), failsWith('object-not-found'));
  });

  test('are made and changed by those only who have all that they give', async () => {
    const { place, roles, make, person, access } = await start();
    await using _ = place;
    const anna = await person('anna');
    const id = await make('role keeper', ['role:create', 'role:update', 'robot:read'], 'system');
    await place.query(
      `insert into system_member (role_id, entity_type, entity_id, created_at) values (${id}, 'u', ${anna.id}, 1)`,
    );
    access.forgetRoles();
    const write = (permissions: readonly string[]) => ({ name: 'mine', description: '', permissions });
    await roles.create(anna, { ...write(['robot:read']), level: 'system' });
    await assert.rejects(roles.create(anna, { ...write(['user:delete']), level: 'system' }), failsWith('denied'));
    await assert.rejects(roles.create(anna, { ...write(['repository:pull']), level: 'project' }), failsWith('denied'));
    await assert.rejects(
      roles.update(anna, id, { name: 'role keeper', description: '', permissions: ['role:update', 'user:delete'] }),
      failsWith('denied'),
    );
    assert.deepEqual((await roles.get(id)).permissions, ['robot:read', 'role:create', 'role:update']);
  });
});
