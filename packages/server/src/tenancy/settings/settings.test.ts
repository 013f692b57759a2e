import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useTestRegistry } from '#testing/test-registry';
import { readChange } from './rules.ts';
import { defaults } from './table.ts';

const changes: readonly (readonly [string, object, object | 'refused'])[] = [
  ['nothing', {}, {}],
  ['null leaves things', { read_only: null, ldap_url: null }, {}],
  ['what it is already', { auth_mode: 'db_auth' }, {}],
  ['a flag', { read_only: true }, { read_only: true }],
  ['what is no setting', { nonsense: 1, constructor: 'x' }, {}],
  ['LDAP', { auth_mode: 'ldap_auth', ldap_url: 'ldap://a' }, { auth_mode: 'ldap_auth', ldap_url: 'ldap://a' }],
  ['LDAP without an address', { auth_mode: 'ldap_auth' }, 'refused'],
  ['LDAP at what is no server', { ldap_url: 'http://a' }, 'refused'],
  ['LDAP below what is no name', { ldap_base_dn: 'example.org' }, 'refused'],
  ['a filter of LDAP that is none', { ldap_filter: '(uid=' }, 'refused'],
  ['a group filter of LDAP that is none', { ldap_group_search_filter: '(' }, 'refused'],
  ['an attribute of LDAP that is none', { ldap_uid: 'uid)(x=*' }, 'refused'],
  ['a depth of LDAP that is none', { ldap_group_search_scope: 3 }, 'refused'],
  [
    'LDAP by a name of Active Directory',
    { ldap_search_dn: 'search@corp.example', ldap_uid: 'sAMAccountName' },
    { ldap_search_dn: 'search@corp.example', ldap_uid: 'sAMAccountName' },
  ],
  ['OIDC without an issuer', { auth_mode: 'oidc_auth' }, 'refused'],
  ['a way to sign in that is not here', { auth_mode: 'uaa_auth' }, 'refused'],
  ['empty words about it', { uaa_endpoint: '', uaa_verify_cert: true }, {}],
  ['words about it', { uaa_endpoint: 'https://uaa' }, 'refused'],
  ['a prefix that people’s names may begin with', { robot_name_prefix: 'anna' }, 'refused'],
  ['no prefix', { robot_name_prefix: '' }, 'refused'],
  ['a prefix', { robot_name_prefix: 'bot$' }, { robot_name_prefix: 'bot$' }],
  ['robots for no time', { robot_token_duration: 0 }, 'refused'],
  ['sessions for no time', { session_timeout: 0 }, 'refused'],
  ['parameters that are no texts', { oidc_extra_redirect_parms: '{"a":1}' }, 'refused'],
  ['a pattern that is none', { oidc_group_filter: '(' }, 'refused'],
];

describe('a change of settings:', () => {
  for (const [what, given, wanted] of changes) {
    test(what, () => {
      if (wanted === 'refused') {
        assert.throws(() => readChange(given as never, defaults), { code: 'body-invalid' });
      } else assert.deepEqual(readChange(given as never, defaults), wanted);
    });
  }
});

const registry = await useTestRegistry();
await registry.addUser('anna');
const path = '/api/v2.0/configurations';

const put = (body: object, as = registry.admin) =>
  registry.fetch(path, {
    as,
    method: 'PUT',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
const get = async () =>
  (await (await registry.fetch(path, { as: registry.admin })).json()) as Record<string, { value: unknown }>;

test('settings are for administrators', async () => {
  const anna = registry.basic('anna');
  assert.equal((await registry.fetch(path, { as: anna })).status, 403);
  assert.equal((await registry.fetch(path)).status, 401);
  assert.equal((await put({ self_registration: true }, anna)).status, 403);
});

test('a setting that is changed is in force, and is in the audit', async () => {
  assert.equal((await get())['robot_name_prefix']?.value, 'robot$');
  assert.equal((await put({ robot_name_prefix: 'bot$', session_timeout: 30 })).status, 200);
  assert.equal((await get())['robot_name_prefix']?.value, 'bot$');
  const [row] = await registry.query(
    "select detail from audit where action = 'update-configuration' and outcome = 'success' order by id desc",
  );
  const detail = JSON.parse(String(row?.['detail'])) as { before: object; after: object };
  assert.deepEqual(detail.before, { robot_name_prefix: 'robot$', session_timeout: 60 });
  assert.deepEqual(detail.after, { robot_name_prefix: 'bot$', session_timeout: 30 });
  assert.equal((await put({ session_timeout: -5 })).status, 400);
});

test('a secret is shown to nobody, lies sealed, and stays when it is not sent', async () => {
  assert.equal((await put({ ldap_search_password: 'hush-hush-hush' })).status, 200);
  assert.equal((await put({ ldap_search_password: '' })).status, 200);
  const text = await (await registry.fetch(path, { as: registry.admin })).text();
  assert.ok(!text.includes('hush') && !text.includes('ldap_search_password'));
  const rows = JSON.stringify(await registry.query('select * from setting')) + registry.logs();
  assert.ok(!rows.includes('hush-hush'));
});

test('a registry that is switched to read-only refuses changes, but for switching back', async () => {
  assert.equal((await put({ read_only: true })).status, 200);
  const create = () =>
    registry.fetch('/api/v2.0/projects', {
      as: registry.admin,
      method: 'POST',
      body: JSON.stringify({ project_name: 'late' }),
      headers: { 'content-type': 'application/json' },
    });
  const push = () => registry.fetch('/v2/library/app/blobs/uploads/', { as: registry.admin, method: 'POST' });
  assert.equal((await create()).status, 405);
  assert.equal((await push()).status, 405);
  assert.equal((await put({ read_only: false })).status, 200);
  assert.equal((await create()).status, 201);
  assert.equal((await push()).status, 202);
});

const ldap = { ldap_url: 'ldaps://one.example', ldap_search_password: 'p' };
const oidc = { oidc_endpoint: 'https://one.example/realm', oidc_client_secret: 's' };

const moves: readonly (readonly [string, object, object, object | 'refused'])[] = [
  ['LDAP elsewhere', ldap, { ldap_url: 'ldaps://two.example' }, 'refused'],
  ['LDAP elsewhere as well', ldap, { ldap_url: 'ldaps://one.example ldaps://two.example' }, 'refused'],
  ['LDAP without protection', ldap, { ldap_url: 'ldap://one.example' }, 'refused'],
  [
    'LDAP elsewhere with an empty secret',
    ldap,
    { ldap_url: 'ldaps://two.example', ldap_search_password: '' },
    'refused',
  ],
  [
    'LDAP elsewhere with its secret',
    ldap,
    { ldap_url: 'ldaps://two.example', ldap_search_password: 'p' },
    { ldap_url: 'ldaps://two.example' },
  ],
  ['LDAP written otherwise', ldap, { ldap_url: 'ldaps://one.example:636' }, { ldap_url: 'ldaps://one.example:636' }],
  ['LDAP nowhere', ldap, { ldap_url: '' }, { ldap_url: '', ldap_search_password: '' }],
  ['a first LDAP', { ldap_search_password: 'p' }, { ldap_url: 'ldap://a' }, { ldap_url: 'ldap://a' }],
  ['an issuer elsewhere', oidc, { oidc_endpoint: 'https://two.example/realm' }, 'refused'],
  ['an issuer without TLS', oidc, { oidc_endpoint: 'http://one.example/realm' }, 'refused'],
  [
    'an issuer elsewhere with its secret',
    oidc,
    { oidc_endpoint: 'https://two.example', oidc_client_secret: 't' },
    { oidc_endpoint: 'https://two.example', oidc_client_secret: 't' },
  ],
  [
    'another path at the issuer',
    oidc,
    { oidc_endpoint: 'https://one.example/b' },
    { oidc_endpoint: 'https://one.example/b' },
  ],
];

describe('a kept secret stays with its place:', () => {
  for (const [what, before, given, wanted] of moves) {
    test(what, () => {
      const current = { ...defaults, ...before };
      if (wanted === 'refused') {
        const names = /ldap_search_password|oidc_client_secret/;
        assert.throws(() => readChange(given as never, current), { code: 'body-invalid', message: names });
      } else assert.deepEqual(readChange(given as never, current), wanted);
    });
  }
});

test('an issuer is an address that may be asked, without credentials in it', async () => {
  for (const address of [
    'http://169.254.169.254/',
    'http://127.0.0.1/',
    'http://10.0.0.1',
    'http://2130706433/',
    'https://user:canary-in-url@login.example/',
    'https://login.example:22/',
    'file:///etc/passwd',
  ]) {
    const response = await put({ oidc_endpoint: address });
    const text = await response.text();
    assert.equal(response.status, 400, address);
    assert.ok(text.includes('body.oidc_endpoint') && !text.includes('canary'), text);
  }
  assert.equal((await put({ ldap_url: 'ldap://user:canary-in-url@a.example' })).status, 400);
  assert.ok(!registry.logs().includes('canary'));
});
