import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Audit } from '#tenancy/audit';
import { createUserStore } from '#tenancy/users';
import { within } from '#platform/db';
import { forEachDialect, type TestDatabase } from '#testing/databases';
import { createTestClock } from '#testing/test-clock';
import { createOnboarding } from './service.ts';
import { createExternalAccountStore } from './store.ts';
import type { ExternalPerson } from './types.ts';

const from = { address: '192.0.2.1', requestId: 'r' };

const anna: ExternalPerson = {
  source: 'ldap',
  name: 'anna',
  realname: 'Anna M.',
  email: 'anna@example.org',
  admin: false,
  groups: [
    { name: 'dev', dn: 'cn=dev,dc=x' },
    { name: 'dev', dn: 'cn=dev,ou=other,dc=x' },
  ],
};

function setUp(place: TestDatabase) {
  const written: Parameters<Audit['write']>[1][] = [];
  let changes = 0;
  const onboarding = createOnboarding({
    store: createExternalAccountStore(place.db),
    transact: place.db.transact,
    audit: { write: async (_tx, entry) => void written.push(entry) },
    clock: createTestClock().clock,
    onRolesChange: () => (changes += 1),
  });
  const welcome = (person: ExternalPerson) => onboarding.welcome(person, from);
  const groupsOf = async (name: string) =>
    (
      await place.query(
        `select user_group.ldap_dn as dn, user_group.name as name from user_group_member m
         join user_group on user_group.id = m.group_id join user_account a on a.id = m.user_id
         where a.name = '${name}' order by user_group.ldap_dn, user_group.name`,
      )
    ).map(({ dn, name: group }) => dn || group);
  const account = async (name: string) => ({
    ...(await place.query(`select * from user_account where name = '${name}'`))[0],
  });
  return { welcome, groupsOf, account, written, changes: () => changes };
}

forEachDialect('somebody who is known elsewhere', (on) => {
  test('gets an account at his first sign-in, with his groups and no password', async () => {
    await using place = await on.open();
    const { welcome, groupsOf, account, written } = setUp(place);
    const welcomed = await welcome(anna);
    assert.ok(welcomed.kind === 'account' && welcomed.created);
    assert.deepEqual(welcomed.actor, {
      kind: 'user',
      userId: welcomed.actor.userId,
      name: 'anna',
      admin: false,
    });
    const { source, password, email, realname, admin } = await account('anna');
    assert.deepEqual(
      [source, password, email, realname, Number(admin)],
      ['ldap', '', 'anna@example.org', 'Anna M.', 0],
    );
    assert.deepEqual(await groupsOf('anna'), ['cn=dev,dc=x', 'cn=dev,ou=other,dc=x']);
    assert.deepEqual(
      written.map((entry) => [entry.action, entry.resource]),
      [['create-user', 'anna']],
    );
  });

  test('is in the groups of today and in no others, but for those he was put in here', async () => {
    await using place = await on.open();
    const { welcome, groupsOf, written, changes } = setUp(place);
    const welcomed = await welcome(anna);
    assert.ok(welcomed.kind === 'account');
    const { userId } = welcomed.actor;
    await place.db.transact(async (tx) => {
      const group = await within(tx)
        .insertInto('user_group')
        .values({ name: 'by hand', type: 4, created_at: 1, updated_at: 1 })
        .returning('id')
        .executeTakeFirstOrThrow();
      await within(tx)
        .insertInto('user_group_member')
        .values({ group_id: group.id, user_id: userId, source: 'local' })
        .execute();
    });
    await welcome({ ...anna, groups: [{ name: 'ops', dn: 'cn=ops,dc=x' }] });
    assert.deepEqual(await groupsOf('anna'), ['by hand', 'cn=ops,dc=x']);
    await welcome({ ...anna, groups: [] });
    assert.deepEqual(await groupsOf('anna'), ['by hand']);
    assert.equal(changes(), 2);
    assert.deepEqual(
      written.map((entry) => [entry.action, entry.before?.['groups'], entry.after?.['groups']]),
      [
        ['create-user', undefined, ['cn=dev,dc=x', 'cn=dev,ou=other,dc=x']],
        ['update-user', ['cn=dev,dc=x', 'cn=dev,ou=other,dc=x'], ['cn=ops,dc=x']],
        ['update-user', ['cn=ops,dc=x'], []],
      ],
    );
  });

  test('who comes again as he was changes nothing', async () => {
    await using place = await on.open();
    const { welcome, account, written, changes } = setUp(place);
    await welcome(anna);
    const before = await account('anna');
    const again = await welcome({ ...anna, groups: anna.groups.toReversed() });
    assert.ok(again.kind === 'account' && !again.created);
    assert.deepEqual(await account('anna'), before);
    assert.equal(written.length, 1);
    assert.equal(changes(), 0);
  });

  test('administers while the directory says so, and longer only when made an administrator here', async () => {
    await using place = await on.open();
    const { welcome, account } = setUp(place);
    const users = createUserStore(place.db);
    const isAdmin = async (admin: boolean) => {
      const welcomed = await welcome({ ...anna, admin });
      assert.ok(welcomed.kind === 'account');
      assert.equal((await users.findById(welcomed.actor.userId))?.admin, welcomed.actor.admin, 'and so for tokens');
      return welcomed.actor.admin;
    };
    assert.equal(await isAdmin(true), true);
    const { admin, admin_in_auth: inAuth } = await account('anna');
    assert.deepEqual([Number(admin), Number(inAuth)], [0, 1], 'which is not written as given here');
    assert.equal(await isAdmin(false), false);
    await place.query("update user_account set admin = 1 where name = 'anna'");
    assert.equal(await isAdmin(false), true);
  });

  test('takes over no account that is known otherwise, and none that is disabled', async () => {
    await using place = await on.open();
    const { welcome, account, groupsOf } = setUp(place);
    const users = createUserStore(place.db);
    const local = { name: 'anna', password: 'hash', admin: true, at: 1 };
    const id = (await place.db.transact((tx) => users.insert(tx, local))) ?? 0;
    assert.equal((await welcome({ ...anna, admin: true })).kind, 'name-taken');
    assert.deepEqual(await groupsOf('anna'), []);
    assert.equal((await account('anna'))['password'], 'hash');
    assert.equal((await welcome({ ...anna, name: 'bert' })).kind, 'account');
    assert.equal((await welcome({ ...anna, name: 'bert', source: 'oidc' })).kind, 'name-taken');
    const bert = await users.find('bert');
    await place.db.transact((tx) => users.setDisabled(tx, bert?.id ?? 0, true, 1));
    assert.equal((await welcome({ ...anna, name: 'bert' })).kind, 'disabled');
    assert.ok(id > 0);
  });

  test('with a name that no account can have gets none', async () => {
    await using place = await on.open();
    const { welcome } = setUp(place);
    for (const name of ['', 'a b', 'robot$x', 'a:b', 'x'.repeat(256), 'a\0']) {
      assert.equal((await welcome({ ...anna, name })).kind, 'name-invalid', JSON.stringify(name));
    }
  });

  test('who signs in at many places at once gets one account, and one group is made of each', async () => {
    await using place = await on.open();
    const { welcome } = setUp(place);
    const welcomed = await Promise.all(
      Array.from({ length: 12 }, (_, at) => welcome({ ...anna, name: at % 2 === 0 ? 'anna' : 'bert' })),
    );
    assert.ok(welcomed.every(({ kind }) => kind === 'account'));
    assert.equal(welcomed.filter((one) => one.kind === 'account' && one.created).length, 2);
    assert.equal((await place.query('select * from user_group')).length, 2);
  });

  test('may be in very many groups, by name or by distinguished name', async () => {
    await using place = await on.open();
    const { welcome, groupsOf } = setUp(place);
    const named = Array.from({ length: 450 }, (_, at) => ({ name: `group ${at}`, dn: at % 2 ? `cn=g${at}` : '' }));
    await welcome({ ...anna, groups: named });
    assert.equal((await groupsOf('anna')).length, 450);
    await welcome({ ...anna, groups: named.slice(0, 225) });
    assert.equal((await groupsOf('anna')).length, 225);
  });
});
