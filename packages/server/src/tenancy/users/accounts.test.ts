import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RobotActor } from '#kernel/actor';
import { type ErrorCode, RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { forEachDialect } from '#testing/databases';
import { startPeople } from '#testing/people';
import { quickHash } from '#testing/quick-hash';
import { createAccounts } from './accounts.ts';
import { createUserReadModel } from './read-model.ts';
import { createUserStore } from './store.ts';

const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof RegistryError && error.code === code;

forEachDialect('accounts', (on) => {
  async function start() {
    const place = await on.open();
    const people = await startPeople(place);
    const { db, transact, audit, clock, members } = people;
    const store = createUserStore(db);
    let changes = 0;
    await place.query("update user_account set admin = 1 where name = 'admin'");
    const accounts = createAccounts({
      store,
      readModel: createUserReadModel(db),
      transact,
      hasher: { hash: async (password) => quickHash(password) },
      audit,
      clock,
      isPassword: async (name, password) => (await store.find(name))?.password === quickHash(password),
      takeRoles: (tx, id) => members.forget(tx, { type: 'u', id }),
      onChange: () => (changes += 1),
    });
    const create = async (name: string) => {
      const id = await accounts.create(people.admin, { name, password: 'Password123', email: `${name}@example.org` });
      const asker = { ...people.admin, actor: { kind: 'user' as const, userId: id, name, admin: false } };
      return { id, asker };
    };
    const robot: RobotActor = { kind: 'robot', robotId: 1, name: 'robot$ci', projectId: undefined, grants: [] };
    const adminId = (await store.find('admin'))?.id ?? 0;
    return {
      place,
      ...people,
      store,
      accounts,
      create,
      adminId,
      robot: { ...people.admin, actor: robot },
      changes: () => changes,
    };
  }

  test('are made with what they bring, and administer nothing', async () => {
    const { place, accounts, create, admin, audited } = await start();
    await using _ = place;
    const anna = await create('anna');
    const detail = await accounts.get(anna.id);
    assert.deepEqual(
      [detail?.name, detail?.email, detail?.admin, detail?.source, detail?.passwordChangedAt],
      ['anna', 'anna@example.org', false, 'local', Date.UTC(2026, 0, 1)],
    );
    assert.doesNotMatch(JSON.stringify([detail, audited]), /Password123|argon2/);
    const make = (fields: object) => accounts.create(admin, { name: 'bert', password: 'Password123', ...fields });
    await assert.rejects(make({ name: 'anna' }), failsWith('conflict'));
    await assert.rejects(make({ email: 'anna@example.org' }), failsWith('conflict'));
    await assert.rejects(make({ email: 'nobody' }), failsWith('body-invalid'));
    await assert.rejects(make({ realname: 'a\0' }), failsWith('body-invalid'));
    await assert.rejects(make({ name: 'b b' }), failsWith('body-invalid'));
    for (const password of ['password123', 'PASSWORD123', 'Passwordabc', 'Pw1', `P1${'x'.repeat(127)}`]) {
      await assert.rejects(make({ password }), failsWith('body-invalid'), password);
    }
    await assert.rejects(make({ name: 'Bert1234', password: 'bERT1234' }), failsWith('body-invalid'));
    assert.equal((await place.query('select * from user_account')).length, 2);
  });

  test('are found by what is known of them', async () => {
    const { place, accounts, create, store, transact } = await start();
    await using _ = place;
    for (const name of ['anna', 'annabel', 'bert']) await create(name);
    const names = async (given: Parameters<typeof readListQuery>[0]) =>
      (await accounts.list(readListQuery(given), [])).users.map(({ name }) => name);
    assert.deepEqual(await names({}), ['admin', 'anna', 'annabel', 'bert']);
    assert.deepEqual(await names({ q: 'username=~ANN', sort: '-username' }), ['annabel', 'anna']);
    assert.deepEqual(await names({ q: 'email=bert@example.org' }), ['bert']);
    await assert.rejects(names({ q: 'password=~a' }), failsWith('query-invalid'));
    await assert.rejects(names({ sort: 'generation' }), failsWith('query-invalid'));
    const search = async (part: string) =>
      (await accounts.search(part, { page: 1, pageSize: 2 })).users.map(({ name }) => name);
    assert.deepEqual(await search('NN'), ['anna', 'annabel']);
    assert.deepEqual(await search('_'), []);
    await transact(async (tx) => store.setDisabled(tx, (await store.find('anna'))?.id ?? 0, true, 1));
    assert.deepEqual(await search('nn'), ['annabel']);
  });

  test('are described by their owners and by administrators', async () => {
    const { place, accounts, create, admin, adminId, robot, audited } = await start();
    await using _ = place;
    const [anna, bert] = [await create('anna'), await create('bert')];
    await accounts.updateProfile(anna.asker, anna.id, { realname: 'Anna', comment: 'here' });
    await accounts.updateProfile(admin, anna.id, { comment: '' });
    const detail = await accounts.get(anna.id);
    assert.deepEqual([detail?.realname, detail?.comment, detail?.email], ['Anna', '', 'anna@example.org']);
    assert.deepEqual([audited.at(-1)?.before, audited.at(-1)?.after], [{ comment: 'here' }, { comment: '' }]);
    await accounts.updateProfile(anna.asker, anna.id, { email: 'anna@example.org' });
    await assert.rejects(
      accounts.updateProfile(bert.asker, bert.id, { email: 'anna@example.org' }),
      failsWith('conflict'),
    );
    await assert.rejects(accounts.updateProfile(robot, adminId, { email: 'eve@example.org' }), failsWith('denied'));
    await assert.rejects(accounts.updateProfile(admin, 4711, {}), failsWith('object-not-found'));
  });

  test('change their password with the one they have, or by an administrator', async () => {
    const { place, accounts, create, admin, store, robot, changes, advance } = await start();
    await using _ = place;
    const [anna, bert] = [await create('anna'), await create('bert')];
    const change = (asker: typeof admin, id: number, old: string, wanted: string) =>
      accounts.changePassword(asker, id, { old, wanted });
    const before = await store.findById(anna.id);
    await assert.rejects(change(anna.asker, anna.id, 'wrong', 'Another123'), failsWith('denied'));
    await assert.rejects(change(anna.asker, anna.id, 'Password123', 'Password123'), failsWith('body-invalid'));
    await assert.rejects(change(anna.asker, anna.id, 'Password123', 'weak'), failsWith('body-invalid'));
    await assert.rejects(change(anna.asker, bert.id, 'Password123', 'Another123'), failsWith('denied'));
    await assert.rejects(change(robot, bert.id, '', 'Another123'), failsWith('denied'));
    assert.deepEqual(await store.findById(anna.id), before);
    advance(5000);
    await change(anna.asker, anna.id, 'Password123', 'Another123');
    const after = await store.findById(anna.id);
    assert.equal(after?.password, quickHash('Another123'));
    assert.equal(after?.generation, (before?.generation ?? 0) + 1, 'what was issued dies');
    assert.equal((await accounts.get(anna.id))?.passwordChangedAt, Date.UTC(2026, 0, 1) + 5000);
    await change(admin, anna.id, '', 'Third12345');
    assert.equal(changes(), 2);
    await place.query("update user_account set source = 'oidc' where name = 'bert'");
    await assert.rejects(change(admin, bert.id, '', 'Another123'), failsWith('denied'));
  });

  test('become administrators by administrators only, and by nobody himself', async () => {
    const { place, accounts, create, admin, adminId, store, robot } = await start();
    await using _ = place;
    const anna = await create('anna');
    await assert.rejects(accounts.setAdmin(robot, anna.id, true), failsWith('denied'));
    await assert.rejects(accounts.setAdmin(anna.asker, anna.id, true), failsWith('denied'));
    await assert.rejects(accounts.setAdmin(admin, adminId, false), failsWith('denied'));
    await accounts.setAdmin(admin, anna.id, true);
    const promoted = await store.findById(anna.id);
    assert.equal(promoted?.admin, true);
    await accounts.setAdmin(admin, anna.id, false);
    const demoted = await store.findById(anna.id);
    assert.deepEqual([demoted?.admin, demoted?.generation], [false, (promoted?.generation ?? 0) + 1]);
  });

  test('go with roles, groups and sessions, and leave their name to what they made', async () => {
    const { place, accounts, create, admin, projects, members, audited } = await start();
    await using _ = place;
    const anna = await create('anna');
    const team = await projects.create(anna.asker, { name: 'team', public: false });
    await place.query("insert into user_group (name, type, created_at, updated_at) values ('dev', 4, 1, 1)");
    await place.query(`insert into user_group_member (group_id, user_id, source)
      select id, ${anna.id}, 'local' from user_group`);
    await place.query(`insert into session (id, token_hash, user_id, generation, admin, source, address, user_agent, created_at, seen_at)
      values ('s', 'h', ${anna.id}, 0, 0, 'local', 'x', 'x', 1, 1)`);
    await accounts.remove(admin, anna.id);
    for (const table of ['session', 'user_group_member', 'member']) {
      assert.deepEqual(await place.query(`select * from ${table}`), [], table);
    }
    assert.equal((await projects.get(team.id))?.ownerName, 'anna');
    assert.equal(audited.at(-1)?.action, 'delete-user');
    assert.notEqual((await create('anna')).id, anna.id);
    assert.deepEqual((await members.countByRole(team.id)).size, 0);
    await assert.rejects(accounts.remove(admin, anna.id), failsWith('object-not-found'));
  });

  test('do not go by their own hand, nor the administrators by anybody else', async () => {
    const { place, accounts, admin, adminId, create, robot } = await start();
    await using _ = place;
    const anna = await create('anna');
    await assert.rejects(accounts.remove(admin, adminId), failsWith('denied'));
    await assert.rejects(accounts.remove(anna.asker, adminId), failsWith('denied'));
    await assert.rejects(accounts.remove(robot, adminId), failsWith('denied'));
    await accounts.remove(robot, anna.id);
    const bert = await create('bert');
    await accounts.setAdmin(admin, bert.id, true);
    const asBert = { ...bert.asker, actor: { ...bert.asker.actor, admin: true } };
    const gone = await Promise.allSettled([accounts.remove(asBert, adminId), accounts.remove(admin, bert.id)]);
    assert.equal(gone.filter(({ status }) => status === 'fulfilled').length, 1, 'one of two stays');
  });
});
