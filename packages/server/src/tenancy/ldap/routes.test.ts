import assert from 'node:assert/strict';
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ldapBase, ldapSearchUser, type Slapd, startSlapd, withoutSlapd } from '#testing/slapd';
import { createTestClock } from '#testing/test-clock';
import { startTestRegistry, type TestRegistry } from '#testing/test-registry';

const people = `ou=people,${ldapBase}`;
const groups = `ou=groups,${ldapBase}`;

const person = (uid: string) =>
  `dn: uid=${uid},${people}\nobjectClass: inetOrgPerson\ncn: The ${uid}\nsn: x\nuid: ${uid}\nmail: ${uid}@example.org\nuserPassword: canary-right\n`;
const group = (cn: string, ...members: string[]) =>
  `dn: cn=${cn},${groups}\nobjectClass: groupOfNames\ncn: ${cn}\n${members.map((uid) => `member: uid=${uid},${people}\n`).join('')}`;

const data = [
  ...[people, groups].map((dn) => `dn: ${dn}\nobjectClass: organizationalUnit\n`),
  ...['anna', 'bert', 'carl', 'dora', 'eve', 'we ird'].map(person),
  group('developers', 'anna'),
  group('admins', 'bert'),
].join('\n');

let slapd: Slapd;
let registry: TestRegistry;
const time = createTestClock(Date.now());
const scratch = await mkdtemp(join(tmpdir(), 'entrepot-ldap-'));
after(() => rm(scratch, { recursive: true, force: true }));

const configurations = () => ({
  auth_mode: 'ldap_auth',
  ldap_url: `ldap+starttls://localhost:${slapd.ldapPort}`,
  ldap_search_dn: ldapSearchUser.dn,
  ldap_search_password: ldapSearchUser.password,
  ldap_base_dn: people,
  ldap_filter: '(objectClass=inetOrgPerson)',
  ldap_uid: 'uid',
  ldap_scope: 2,
  ldap_timeout: 10,
  ldap_verify_cert: true,
  ldap_group_base_dn: groups,
  ldap_group_search_filter: '(objectClass=groupOfNames)',
  ldap_group_attribute_name: 'cn',
  ldap_group_search_scope: 2,
  ldap_group_admin_dn: `CN=admins,${groups}`,
  ldap_group_membership_attribute: 'memberof',
  ldap_group_attach_parallel: false,
});

/** Sets what is usual, but for the changes. */
async function configure(changes: object = {}): Promise<void> {
  const answer = await send('PUT', '/api/v2.0/configurations', { ...configurations(), ...changes });
  assert.equal(answer.status, 200);
}

const as = (name: string, password = 'canary-right') => registry.basic(name, password);
const signIn = async (name: string, password?: string) =>
  (await registry.fetch('/v2/', { as: as(name, password) })).status;
/** What was remembered of accounts, roles and the directory is looked at again. */
const later = () => time.advance(60_000);

async function send(method: 'POST' | 'PUT', path: string, body: object, who = registry.admin): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return registry.fetch(path, { method, as: who, headers, body: JSON.stringify(body) });
}

describe('a registry with LDAP', { skip: withoutSlapd }, () => {
  before(async () => {
    slapd = await startSlapd(data);
    const ca = join(scratch, 'ca.pem');
    await writeFile(ca, slapd.ca);
    registry = await startTestRegistry({
      clock: time.clock,
      env: { ENTREPOT_AUTH_LDAP_CA: ca },
    });
    await configure();
  });
  after(async () => {
    await registry?.[Symbol.asyncDispose]();
    await slapd?.[Symbol.asyncDispose]();
  });

  test('lets somebody in who never was here, with the rights of his groups, for as long as he is in them', async () => {
    const project = await registry.addProject('team');
    await registry.pushImage('team/app', 'v1');
    assert.equal(await signIn('ANNA'), 200);
    const [anna] = await registry.query("select * from user_account where source = 'ldap'");
    assert.deepEqual(
      [anna?.['name'], anna?.['password'], anna?.['email'], anna?.['realname']],
      ['anna', '', 'anna@example.org', 'The anna'],
    );
    const pull = async () => {
      const token = await registry.bearer(as('anna'), 'repository:team/app:pull,push');
      return (await registry.fetch('/v2/team/app/manifests/v1', { as: token })).status;
    };
    assert.notEqual(await pull(), 200);
    const [developers] = await registry.query("select id from user_group where name = 'developers' and type = 1");
    await registry.query(
      `insert into member (project_id, entity_type, entity_id, role_id, created_at)
       values (${project}, 'g', ${Number(developers?.['id'])}, 2, 1)`,
    );
    later();
    assert.equal(await pull(), 200);
    await configure({ ldap_group_search_filter: '(!(cn=developers))' });
    later();
    assert.notEqual(await pull(), 200);
    await configure();
  });

  test('makes those of the admin group administrators, until they are not in it', async () => {
    const mayList = async (name: string) =>
      (await registry.fetch('/api/v2.0/ldap/users/search', { as: as(name) })).status;
    assert.equal(await mayList('anna'), 403);
    assert.equal(await mayList('bert'), 200);
    assert.equal((await registry.fetch('/api/v2.0/ldap/users/search')).status, 401);
    const [bert] = await registry.query("select admin, admin_in_auth from user_account where name = 'bert'");
    assert.deepEqual({ ...bert }, { admin: 0, admin_in_auth: 1 });
    await configure({ ldap_group_admin_dn: '' });
    later();
    assert.equal(await mayList('bert'), 403);
    await configure();
  });

  test('does not let in who has no password, the wrong one, or writes a filter for a name', async () => {
    for (const [name, password] of [
      ['carl', 'wrong'],
      ['carl', ''],
      ['*', 'canary-right'],
      ['*)(uid=*))(|(uid=*', 'canary-right'],
      ['nobody', 'canary-right'],
      ['we ird', 'canary-right'],
    ] as const) {
      assert.equal(await signIn(name, password), 401, `${name} ${password}`);
    }
    assert.deepEqual(
      await registry.query("select * from user_account where name not in ('admin', 'anna', 'bert')"),
      [],
    );
    assert.equal(await signIn('carl'), 200);
  });

  test('keeps its own accounts its own', async () => {
    await registry.addUser('dora');
    assert.equal(await signIn('dora'), 401);
    assert.equal(await signIn('DORA'), 401, 'LDAP takes the name in any case, and the account is not of LDAP');
    assert.equal(await signIn('dora', 'Password123'), 200);
  });

  test('does not let in whom an administrator disabled', async () => {
    assert.equal(await signIn('carl'), 200);
    const [carl] = await registry.query("select id from user_account where name = 'carl'");
    await registry.registry.users.setDisabled(Number(carl?.['id']), true);
    later();
    assert.equal(await signIn('carl'), 401);
  });

  test('says that the directory is away, counts no failures meanwhile, and goes on by itself', async () => {
    await slapd.stop();
    try {
      later();
      for (let at = 0; at < 15; at++) assert.equal(await signIn('anna'), 503);
      const answer = await registry.fetch('/service/token?service=entrepot', { as: as('anna') });
      assert.equal(answer.status, 503);
      assert.ok(Number(answer.headers.get('retry-after')) > 0);
      assert.doesNotMatch(await answer.text(), /password is not right/);
      assert.equal((await registry.fetch('/v2/', { as: registry.admin })).status, 200);
      assert.equal(await signIn('dora', 'Password123'), 200);
      assert.equal(await signIn('dora', 'wrong'), 401);
      for (const path of ['users/search', 'groups/search']) {
        assert.equal((await registry.fetch(`/api/v2.0/ldap/${path}`, { as: registry.admin })).status, 503);
      }
    } finally {
      await slapd.start();
    }
    later();
    assert.equal(await signIn('anna'), 200);
  });

  test('lists people and groups of the directory', async () => {
    const ask = (path: string) => registry.fetch(`/api/v2.0/ldap/${path}`, { as: registry.admin });
    const users = await ask('users/search?username=ann');
    assert.deepEqual(await users.json(), [{ username: 'anna', realname: 'The anna', email: 'anna@example.org' }]);
    const developers = { group_name: 'developers', group_type: 1, ldap_group_dn: `cn=developers,${groups}` };
    assert.deepEqual(await (await ask('groups/search?groupname=devel')).json(), [developers]);
    const dn = encodeURIComponent(`CN=Developers, ${groups}`);
    assert.deepEqual(await (await ask(`groups/search?groupdn=${dn}`)).json(), [developers]);
    assert.equal((await ask(`groups/search?groupdn=${encodeURIComponent(`cn=x,${groups}`)}`)).status, 404);
    assert.equal((await ask('groups/search?groupdn=x')).status, 400);
  });

  test('imports people, and says whom it could not', async () => {
    assert.equal((await send('POST', '/api/v2.0/ldap/users/import', { ldap_uid_list: ['eve', 'anna'] })).status, 200);
    const [eve] = await registry.query("select source, realname from user_account where name = 'eve'");
    assert.deepEqual({ ...eve }, { source: 'ldap', realname: 'The eve' });
    const answer = await send('POST', '/api/v2.0/ldap/users/import', {
      ldap_uid_list: ['nobody', 'dora', 'we ird', 'eve', '*'],
    });
    assert.equal(answer.status, 404);
    const failed = (await answer.json()) as { uid: string; error: string }[];
    assert.deepEqual(
      failed.map(({ uid }) => uid),
      ['nobody', 'dora', 'we ird', '*'],
    );
    assert.equal(
      (await send('POST', '/api/v2.0/ldap/users/import', { ldap_uid_list: ['eve'] }, as('anna'))).status,
      403,
    );
  });

  test('tries settings, and reaches nowhere that it may not', async () => {
    const ping = async (body: object) => {
      const answer = await send('POST', '/api/v2.0/ldap/ping', body);
      return answer.status === 200 ? ((await answer.json()) as { success: boolean }).success : answer.status;
    };
    assert.equal(await ping({}), true);
    assert.equal((await registry.fetch('/api/v2.0/ldap/ping', { method: 'POST', as: registry.admin })).status, 200);
    assert.equal(await ping({ ldap_search_password: 'wrong' }), false);
    assert.equal(await ping({ ldap_search_password: '' }), true);
    for (const url of [
      'ldap://127.0.0.1:22',
      'ldap://169.254.169.254',
      'ldap://2130706433',
      'http://x',
      'ldap://localhost',
    ]) {
      assert.equal(await ping({ ldap_url: url }), 400, url);
    }
    assert.equal((await send('POST', '/api/v2.0/ldap/ping', {}, as('anna'))).status, 403);
  });

  test('without LDAP says so', async () => {
    await configure({ auth_mode: 'db_auth' });
    later();
    assert.equal((await registry.fetch('/api/v2.0/ldap/users/search', { as: registry.admin })).status, 412);
    assert.equal(await signIn('anna'), 401);
    await configure();
  });

  test('writes no password down', async () => {
    const rows = JSON.stringify([
      await registry.query('select * from user_account'),
      await registry.query('select * from audit'),
      await registry.query('select * from login_failure'),
      await registry.query('select * from setting'),
    ]);
    for (const text of [rows, registry.logs()]) assert.doesNotMatch(text, /canary-right|search-Password1/);
  });
});
