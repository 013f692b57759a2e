import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { makeSqlitePlace } from '#testing/databases';
import {
  imageManifest,
  startTestRegistry,
  type TestRegistry,
  testPassword,
  useTestRegistry,
} from '#testing/test-registry';

const registry = await useTestRegistry();
await registry.addProject('team');
await registry.addUser('anna', { team: 2 });
await registry.addUser('owner', { team: 1 });
const [anna, owner] = [registry.basic('anna'), registry.basic('owner')];
const json = { 'content-type': 'application/json' };

const create = (as: string | undefined, body: string, at: TestRegistry = registry) =>
  at.fetch('/api/v2.0/projects', { method: 'POST', headers: json, body, ...(as === undefined ? {} : { as }) });

const rightsOf = async (name: string) =>
  (await registry.query(`select admin, disabled, generation from user_account where name = '${name}'`))[0];

describe('more than was meant', () => {
  test('is not had by writing it into a body', async () => {
    const before = await rightsOf('anna');
    for (const [index, field] of [
      '"owner_id":1',
      '"sysadmin_flag":true',
      '"has_admin_role":true',
      '"role_id":1',
      '"admin":1',
      '"id":1',
      '"project_id":1',
      '"created_at":0',
    ].entries()) {
      const response = await create(anna, `{"project_name":"grab-${index}",${field}}`);
      assert.ok(response.status === 400 || response.status === 201, `${field}: ${response.status}`);
    }
    assert.deepEqual(await rightsOf('anna'), before);
    const [row] = await registry.query("select count(*) as n from project where owner_id = 1 and name like 'grab%'");
    assert.equal(Number(row?.['n']), 0);
  });

  for (const [name, body] of [
    ['__proto__', '{"project_name":"poisoned","__proto__":{"admin":true,"polluted":1}}'],
    ['constructor.prototype', '{"project_name":"poisoned","constructor":{"prototype":{"polluted":1}}}'],
    ['a nested __proto__', '{"project_name":"poisoned","metadata":{"__proto__":{"public":"true","polluted":1}}}'],
    ['__proto__ in another writing', '{"project_name":"poisoned","\\u005f_proto__":{"polluted":1}}'],
  ] as const) {
    test(`is not had by ${name} in a body`, async () => {
      await assertAnswer(await create(anna, body), 400, 'BAD_REQUEST');
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
      assert.equal(({} as Record<string, unknown>)['admin'], undefined);
    });
  }

  for (const query of [
    'a[__proto__][polluted]=1',
    '__proto__[polluted]=1',
    '__proto__.polluted=1',
    'constructor[prototype][polluted]=1',
    'constructor.prototype.polluted=1',
    '__proto__=1&__proto__=2',
    'n[__proto__]=1&last[__proto__]=1',
  ]) {
    test(`is not had by ${query} in a query`, async () => {
      for (const path of [
        '/v2/',
        '/v2/_catalog',
        '/v2/team/x/tags/list',
        `/v2/team/x/referrers/sha256:${'0'.repeat(64)}`,
        '/v2/team/x/manifests/v1',
        '/service/token',
        '/metrics',
        '/healthz',
        '/readyz',
        '/api/v2.0/projects',
      ]) {
        const response = await registry.fetch(`${path}?${query}`, { as: anna });
        // 501 is what an operation says that is not there yet.
        assert.ok(response.status < 500 || response.status === 501, `${path}: ${response.status}`);
        await response.text();
      }
      const head = await registry.fetch(`/api/v2.0/projects?project_name=team&${query}`, { method: 'HEAD', as: anna });
      assert.equal(head.status, 200);
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    });
  }

  test('is not had through accounts, nor through memberships', async () => {
    const rights = async () => [
      await registry.query('select id, name, password, admin, admin_in_auth, disabled from user_account order by id'),
      await registry.query('select project_id, entity_type, entity_id, role_id from member order by id'),
      await registry.query('select id, name, public, owner_id from project order by id'),
    ];
    const before = await rights();
    const body = JSON.stringify({
      username: 'eve',
      password: testPassword,
      new_password: testPassword,
      sysadmin_flag: true,
      has_admin_role: true,
      admin: 1,
      owner_id: 2,
      role_id: 1,
      member_user: { username: 'anna' },
    });
    for (const as of [undefined, anna, owner]) {
      const answered: Record<string, number> = {};
      for (const [method, path] of [
        ['POST', '/api/v2.0/users'],
        ['PUT', '/api/v2.0/users/me'],
        ['PUT', '/api/v2.0/users/2'],
        ['PUT', '/api/v2.0/users/1'],
        ['PUT', '/api/v2.0/users/1/password'],
        ['PUT', '/api/v2.0/users/2/password'],
        ['PUT', '/api/v2.0/users/2/sysadmin'],
        ['POST', '/api/v2.0/projects/team/members'],
        ['PUT', '/api/v2.0/projects/team'],
      ] as const) {
        const init = { method, headers: json, body, ...(as === undefined ? {} : { as }) };
        answered[`${method} ${path}`] = (await registry.fetch(path, init)).status;
      }
      // Everybody may say who he is, and owners may change their projects: that much is no right.
      const taken = Object.entries(answered).filter(([, status]) => status < 400);
      const free = [[], ['PUT /api/v2.0/users/2'], ['PUT /api/v2.0/projects/team']][
        [undefined, anna, owner].indexOf(as)
      ];
      assert.deepEqual(
        taken.map(([asked]) => asked),
        free,
      );
      assert.ok(Object.values(answered).every((status) => status < 500));
    }
    assert.deepEqual(await rights(), before);
  });
});

describe('what a role may not', () => {
  test('a member without the right deletes no project, and a stranger does not learn that it is there', async () => {
    await registry.addUser('stranger');
    const remove = (name: string, as: string) => registry.fetch(`/api/v2.0/projects/${name}`, { method: 'DELETE', as });
    await assertAnswer(await remove('team', anna), 403, 'FORBIDDEN');
    const [foreign, missing] = [await remove('team', registry.basic('stranger')), await remove('none', anna)];
    assert.equal((await foreign.text()).replaceAll('team', '…'), (await missing.text()).replaceAll('none', '…'));
    assert.deepEqual([foreign.status, missing.status], [404, 404]);
    assert.equal((await registry.query("select id from project where name = 'team'")).length, 1);
  });

  test('a project that holds artifacts is not deleted by anybody', async () => {
    await registry.pushImage('team/kept', 'v1', { as: anna });
    for (const as of [owner, registry.admin]) {
      const response = await registry.fetch('/api/v2.0/projects/team', { method: 'DELETE', as });
      await assertAnswer(response, 412, 'PRECONDITION');
    }
    await assertAnswer(await registry.fetch('/v2/team/kept/manifests/v1', { as: anna }), 200);
  });

  test('a project is not made twice, nor taken over', async () => {
    await assertAnswer(await create(anna, '{"project_name":"team"}'), 409, 'CONFLICT');
    await assertAnswer(await create(anna, '{"project_name":"library"}'), 409, 'CONFLICT');
    const roles = await registry.query(
      `select role_id as role from member join user_account on user_account.id = entity_id
       join project on project.id = project_id where user_account.name = 'anna' and project.name in ('team', 'library')`,
    );
    assert.deepEqual(
      roles.map((row) => Number(row['role'])),
      [2],
    );
  });

  test('an image pushed without its layers needs the right to, and says so', async () => {
    await registry.pushBlob('team/sparse', '{}', owner);
    await registry.pushBlob('team/sparse', 'here', owner);
    const manifest = imageManifest('{}', ['here', 'not here']);
    await assertAnswer(await registry.putManifest('team/sparse', 'v1', manifest, anna), 400, 'MANIFEST_BLOB_UNKNOWN');
    const response = await registry.putManifest('team/sparse', 'v1', manifest, owner);
    assert.equal(response.status, 201);
    assert.match(response.headers.get('warning') ?? '', /^299 - ".*not in the repository yet.*"$/);
  });
});

test('a registry that is read-only changes nothing, whoever asks, and is read as ever', async () => {
  await using place = await makeSqlitePlace();
  let digest = '';
  let layer = '';
  {
    await using writable = await startTestRegistry({ place });
    ({ digest, layer } = await writable.pushImage('library/app', 'v1'));
    await writable.addProject('empty');
  }
  await using frozen = await startTestRegistry({ place, env: { ENTREPOT_READ_ONLY: 'true' } });
  const base = '/v2/library/app';
  // What lists show of a manifest is filled in later; the manifest itself stays what it is.
  const held = () =>
    Promise.all(
      [
        'id, repository_id, digest, size from manifest',
        '* from tag',
        '* from blob',
        '* from project',
        '* from upload',
      ].map((rows) => frozen.query(`select ${rows}`)),
    );
  const before = await held();
  for (const [method, path, body] of [
    ['DELETE', `${base}/manifests/v1`, undefined],
    ['DELETE', `${base}/manifests/${digest}`, undefined],
    ['DELETE', `${base}/blobs/${layer}`, undefined],
    ['PUT', `${base}/manifests/v2`, '{}'],
    ['POST', `${base}/blobs/uploads/`, undefined],
    ['POST', `${base}/blobs/uploads/?mount=${layer}&from=library/app`, undefined],
    ['PATCH', `${base}/blobs/uploads/${crypto.randomUUID()}`, 'x'],
    ['PUT', `${base}/blobs/uploads/${crypto.randomUUID()}?digest=${digest}`, 'x'],
    ['DELETE', `${base}/blobs/uploads/${crypto.randomUUID()}`, undefined],
    ['POST', '/api/v2.0/projects', '{"project_name":"new"}'],
    ['DELETE', '/api/v2.0/projects/empty', undefined],
  ] as const) {
    const init = { method, as: frozen.admin, ...(body === undefined ? {} : { body, headers: json }) };
    const response = await frozen.fetch(path, init);
    assert.equal(response.status, 405, `${method} ${path}: ${await response.text()}`);
  }
  assert.deepEqual(await held(), before);
  await assertAnswer(await frozen.fetch(`${base}/manifests/v1`), 200);
  await assertAnswer(await frozen.fetch(`${base}/blobs/${layer}`), 200);
  await assertAnswer(await frozen.fetch('/service/token', { as: frozen.admin }), 200);
});
