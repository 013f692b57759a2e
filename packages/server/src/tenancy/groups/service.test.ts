import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, RegistryError } from '#kernel/errors';
import { createUserStore } from '#tenancy/users';
import { forEachDialect } from '#testing/databases';
import { startPeople } from '#testing/people';
import { createGroups } from './service.ts';
import { createGroupStore } from './store.ts';

const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof RegistryError && error.code === code;

forEachDialect('groups', (on) => {
  async function start() {
    const place = await on.open();
    const people = await startPeople(place);
    const { db, transact, audit, clock, members, access } = people;
    const users = createUserStore(db);
    const store = createGroupStore(db);
    const groups = createGroups({
      store,
      findUser: async ({ id, name }) => (id === undefined ? users.find(name ?? '') : users.findById(id)),
      transact,
      audit,
      clock,
      hasRoles: (tx, id) => members.holdsRoles(tx, { type: 'g', id }),
      takeRoles: (tx, id) => members.forget(tx, { type: 'g', id }),
      onRolesChange: access.forgetRoles,
    });
    const make = async (name: string, type = 4, dn = '') =>
      groups.get(await groups.create(people.admin, { name, type, dn }), [type]);
    return { place, ...people, groups, make };
  }

  test('are known by their place in the directory, or by their name among their kind', async () => {
    const { place, groups, make, admin } = await start();
    await using _ = place;
    await make('dev', 1, 'cn=dev,dc=x');
    await make('dev', 1, 'cn=dev,dc=y');
    const oidc = await make('dev', 3);
    await make('dev', 4);
    await assert.rejects(make('other', 1, 'cn=dev,dc=x'), failsWith('conflict'));
    await assert.rejects(make('dev', 3), failsWith('conflict'));
    await assert.rejects(make('dev', 1), failsWith('body-invalid'));
    await assert.rejects(make('d\0', 4), failsWith('body-invalid'));
    const ops = await make('ops', 3);
    await assert.rejects(groups.rename(admin, ops, 'dev'), failsWith('conflict'));
    await groups.rename(admin, ops, 'night');
    const listed = await groups.list({ types: [1, 3], name: 'DE', page: 1, pageSize: 10 });
    assert.deepEqual([listed.total, listed.groups.map(({ type }) => type).toSorted((a, b) => a - b)], [3, [1, 1, 3]]);
    assert.equal((await groups.list({ types: [1], dn: 'cn=dev,dc=y', page: 1, pageSize: 10 })).total, 1);
    await assert.rejects(groups.get(oidc.id, [1, 2]), failsWith('object-not-found'));
  });

  test('take their roles along when they go', async () => {
    const { place, groups, make, admin, person, projects, members, transact, access } = await start();
    await using _ = place;
    const [anna, dev] = [await person('anna'), await make('dev')];
    const team = await projects.create(admin, { name: 'team', public: false });
    await groups.addPerson(admin, dev, { name: 'anna' });
    await transact((tx) =>
      members.put(tx, { projectId: team.id, entityType: 'g', entityId: dev.id, roleId: 3, at: 1 }),
    );
    access.forgetRoles();
    const sees = () => access.accountOfMay(anna.actor, 'project:read', team);
    assert.equal(await sees(), true);
    await groups.removePerson(admin, dev, anna.id);
    assert.equal(await sees(), false);
    await groups.addPerson(admin, dev, { id: anna.id });
    assert.equal(await sees(), true);
    await groups.remove(admin, dev);
    assert.equal(await sees(), false);
    assert.deepEqual(await place.query("select * from member where entity_type = 'g'"), []);
    assert.deepEqual(await place.query('select * from user_group_member'), []);
  });

  test('have people, once, and nobody who is not there', async () => {
    const { place, groups, make, admin, person, audited } = await start();
    await using _ = place;
    const [anna, dev] = [await person('anna'), await make('dev')];
    await groups.addPerson(admin, dev, { id: anna.id });
    await assert.rejects(groups.addPerson(admin, dev, { name: 'anna' }), failsWith('conflict'));
    await assert.rejects(groups.addPerson(admin, dev, { name: 'nobody' }), failsWith('object-not-found'));
    const found = await groups.listPeople(dev.id, { page: 1, pageSize: 10 });
    assert.deepEqual([found.total, found.people.map(({ name }) => name)], [1, ['anna']]);
    await groups.removePerson(admin, dev, anna.id);
    await assert.rejects(groups.removePerson(admin, dev, anna.id), failsWith('object-not-found'));
    assert.deepEqual(audited.map((entry) => [entry.action, entry.before, entry.after]).slice(1), [
      ['update-group', undefined, { added: 'anna' }],
      ['update-group', { removed: 'anna' }, undefined],
    ]);
  });

  test('that have roles get their people from administrators only', async () => {
    const { place, groups, make, admin, person, projects, members, transact } = await start();
    await using _ = place;
    const [anna, dev, ops] = [await person('anna'), await make('dev'), await make('ops', 3)];
    await groups.addPerson(anna, dev, { id: anna.id });
    await groups.removePerson(anna, dev, anna.id);
    const team = await projects.create(admin, { name: 'team', public: false });
    for (const { id } of [dev, ops]) {
      await transact((tx) => members.put(tx, { projectId: team.id, entityType: 'g', entityId: id, roleId: 1, at: 1 }));
    }
    await assert.rejects(groups.addPerson(anna, dev, { id: anna.id }), failsWith('denied'));
    await assert.rejects(groups.rename(anna, ops, 'where anna is'), failsWith('denied'));
    await groups.rename(anna, dev, 'developers');
    await groups.addPerson(admin, dev, { id: anna.id });
  });
});
