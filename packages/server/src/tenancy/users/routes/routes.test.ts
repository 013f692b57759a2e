import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { createTestClock } from '#testing/test-clock';
import { startTestRegistry, testPassword, useTestRegistry } from '#testing/test-registry';

const time = createTestClock(Date.now());
const registry = await useTestRegistry({ clock: time.clock });
const team = await registry.addProject('team');
const ids = {
  anna: await registry.addUser('anna', { team: 3 }),
  bert: await registry.addUser('bert'),
};
const [anna, bert] = [registry.basic('anna'), registry.basic('bert')];

function ask(method: string, path: string, as?: string, body?: unknown): Promise<Response> {
  return registry.fetch(`/api/v2.0${path}`, {
    method,
    ...(as === undefined ? {} : { as }),
    ...(body === undefined
      ? {}
      : {
          body: typeof body === 'string' ? body : JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
  });
}

async function read<T = Record<string, unknown>>(path: string, as: string): Promise<T> {
  const response = await ask('GET', path, as);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as T;
}

const settings = (body: object) => ask('PUT', '/configurations', registry.admin, body);
const rowOf = async (name: string) => ({
  ...(await registry.query(`select admin, disabled, generation, source from user_account where name = '${name}'`))[0],
});

describe('accounts', () => {
  test('are listed for administrators, and searched by everybody who is signed in', async () => {
    await assertAnswer(await ask('GET', '/users'), 401, 'UNAUTHORIZED');
    await assertAnswer(await ask('GET', '/users', anna), 403, 'FORBIDDEN');
    const listed = await read<{ username: string }[]>('/users?username=nn', registry.admin);
    assert.deepEqual(
      listed.map(({ username }) => username),
      ['anna'],
    );
    await assertAnswer(await ask('GET', '/users/search?username=a'), 401, 'UNAUTHORIZED');
    assert.deepEqual(await read('/users/search?username=AN', bert), [{ user_id: ids.anna, username: 'anna' }]);
  });

  test('are shown to themselves, and others to administrators; nobody learns who there is', async () => {
    const own = await read('/users/current', anna);
    assert.deepEqual([own['username'], own['user_id'], own['sysadmin_flag']], ['anna', ids.anna, false]);
    assert.equal((await read(`/users/${ids.anna}`, anna))['username'], 'anna');
    const [other, none] = [await ask('GET', `/users/${ids.bert}`, anna), await ask('GET', '/users/4711', anna)];
    assert.deepEqual([other.status, await other.text()], [none.status, await none.text()]);
    assert.equal(other.status, 403);
    await assertAnswer(await ask('GET', '/users/4711', registry.admin), 404, 'NOT_FOUND');
    assert.equal((await read('/users/current', registry.admin))['sysadmin_flag'], true);
  });

  test('are made by administrators, and bring no rights along (C2 15)', async () => {
    const body = {
      username: 'carl',
      password: testPassword,
      email: 'carl@example.org',
      realname: 'Carl',
      sysadmin_flag: true,
      has_admin_role: true,
      admin: 1,
      role_id: 1,
      user_id: 1,
    };
    await assertAnswer(await ask('POST', '/users', undefined, body), 401, 'UNAUTHORIZED');
    await assertAnswer(await ask('POST', '/users', anna, body), 403, 'FORBIDDEN');
    const token = await registry.bearer(registry.admin, 'repository:team/app:pull');
    await assertAnswer(await ask('POST', '/users', token, body), 403, 'FORBIDDEN');
    const made = await ask('POST', '/users', registry.admin, body);
    assert.equal(made.status, 201);
    assert.match(made.headers.get('location') ?? '', /^\/api\/v2\.0\/users\/\d+$/);
    assert.equal(Number((await rowOf('carl'))['admin']), 0);
    await assertAnswer(await ask('POST', '/users', registry.admin, body), 409, 'CONFLICT');
    assert.equal((await read('/users/current', registry.basic('carl')))['email'], 'carl@example.org');
  });

  test('are made by anybody where the settings say so, one at a time from an address', async () => {
    const body = (username: string) => ({
      username,
      password: testPassword,
      sysadmin_flag: true,
      has_admin_role: true,
    });
    await assertAnswer(await settings({ self_registration: true }), 200);
    await assertAnswer(await ask('POST', '/users', undefined, body('dora')), 201);
    assert.equal(Number((await rowOf('dora'))['admin']), 0);
    const next = await ask('POST', '/users', undefined, body('emil'));
    assert.ok(Number(next.headers.get('retry-after')) > 0);
    await assertAnswer(next, 429, 'TOO_MANY_REQUEST');
    await assertAnswer(await ask('POST', '/users', registry.admin, body('fritz')), 201);
    time.advance(60_000);
    await assertAnswer(
      await ask('POST', '/users', undefined, { ...body('emil'), password: 'weak' }),
      400,
      'BAD_REQUEST',
    );
    time.advance(60_000);
    await assertAnswer(await ask('POST', '/users', undefined, body('emil')), 201);
    await assertAnswer(await settings({ self_registration: false }), 200);
    time.advance(60_000);
    await assertAnswer(await ask('POST', '/users', undefined, body('gina')), 401, 'UNAUTHORIZED');
  });

  test('are described by themselves, and change no right thereby (C2 16)', async () => {
    const before = await rowOf('anna');
    const body = {
      realname: 'Anna',
      comment: null,
      is_admin: true,
      sysadmin_flag: true,
      admin: true,
      has_admin_role: true,
    };
    await assertAnswer(await ask('PUT', `/users/${ids.anna}`, anna, body), 200);
    assert.deepEqual(await rowOf('anna'), before);
    assert.equal((await read('/users/current', anna))['realname'], 'Anna');
    await assertAnswer(await ask('PUT', `/users/${ids.bert}`, anna, { realname: 'x' }), 403, 'FORBIDDEN');
    await assertAnswer(await ask('PUT', '/users/4711', anna, { realname: 'x' }), 403, 'FORBIDDEN');
    await assertAnswer(await ask('PUT', '/users/me', anna, body), 400, 'BAD_REQUEST');
  });

  test('take no keys that reach into the language (C2 26)', async () => {
    for (const body of [
      '{"realname":"x","__proto__":{"admin":true}}',
      '{"realname":"x","constructor":{"prototype":{"admin":true}}}',
    ]) {
      await assertAnswer(await ask('PUT', `/users/${ids.anna}`, anna, body), 400, 'BAD_REQUEST');
      await assertAnswer(await ask('POST', '/users', registry.admin, body), 400, 'BAD_REQUEST');
    }
    assert.equal(({} as Record<string, unknown>)['admin'], undefined);
  });

  test('change their own password with the old one, and nobody else’s (C2 17)', async () => {
    const path = (id: number) => `/users/${id}/password`;
    await assertAnswer(
      await ask('PUT', path(ids.bert), anna, { old_password: testPassword, new_password: 'Taken12345' }),
      403,
      'FORBIDDEN',
    );
    await assertAnswer(await ask('GET', '/users/current', bert), 200);
    await assertAnswer(
      await ask('PUT', path(ids.anna), anna, { old_password: 'nonsense', new_password: 'Changed123' }),
      403,
      'FORBIDDEN',
    );
    await assertAnswer(await ask('PUT', path(ids.anna), anna, { new_password: 'Changed123' }), 403, 'FORBIDDEN');
    const token = await registry.bearer(anna, 'repository:team/app:pull');
    await assertAnswer(
      await ask('PUT', path(ids.anna), anna, { old_password: testPassword, new_password: 'Changed123' }),
      200,
    );
    time.advance(6000);
    await assertAnswer(await ask('GET', '/users/current', anna), 401, 'UNAUTHORIZED');
    await assertAnswer(await ask('GET', '/users/current', registry.basic('anna', 'Changed123')), 200);
    assert.equal((await registry.fetch('/v2/team/app/tags/list', { as: token })).status, 401, 'old tokens die');
    await assertAnswer(await ask('PUT', path(ids.anna), registry.admin, { new_password: testPassword }), 200);
    time.advance(6000);
    await assertAnswer(await ask('GET', '/users/current', anna), 200);
  });

  test('are promoted and demoted by administrators, at once', async () => {
    const path = `/users/${ids.bert}/sysadmin`;
    await assertAnswer(await ask('PUT', path, anna, { sysadmin_flag: true }), 403, 'FORBIDDEN');
    await assertAnswer(await ask('PUT', path, bert, { sysadmin_flag: true }), 403, 'FORBIDDEN');
    await assertAnswer(await ask('PUT', path, registry.admin, { sysadmin_flag: true }), 200);
    time.advance(6000);
    await assertAnswer(await ask('GET', '/users', bert), 200);
    await assertAnswer(await ask('PUT', path, bert, { sysadmin_flag: false }), 403, 'FORBIDDEN');
    await assertAnswer(await ask('PUT', path, registry.admin, {}), 200);
    time.advance(6000);
    await assertAnswer(await ask('GET', '/users', bert), 403, 'FORBIDDEN');
  });

  test('are removed by administrators, not by themselves, and are somebody else when made anew', async () => {
    const gone = await registry.addUser('gone', { team: 4 });
    const as = registry.basic('gone');
    const token = await registry.bearer(as, 'repository:team/app:pull,push');
    await assertAnswer(await ask('GET', '/users/current', as), 200);
    await assertAnswer(await ask('DELETE', `/users/${gone}`, as), 403, 'FORBIDDEN');
    await assertAnswer(await ask('DELETE', '/users/1', registry.admin), 403, 'FORBIDDEN');
    await assertAnswer(await ask('DELETE', `/users/${gone}`, registry.admin), 200);
    time.advance(6000);
    await assertAnswer(await ask('GET', '/users/current', as), 401, 'UNAUTHORIZED');
    await registry.addUser('gone');
    await assertAnswer(
      await registry.fetch('/api/v2.0/projects/team', { as: registry.basic('gone') }),
      404,
      'NOT_FOUND',
    );
    time.advance(60_000);
    assert.equal((await registry.fetch('/v2/team/app/tags/list', { as: token })).status, 401);
    await assertAnswer(await ask('DELETE', `/users/${gone}`, registry.admin), 404, 'NOT_FOUND');
  });
});

describe('what one may', () => {
  const listed = async (scope: string, as: string) =>
    (await read<{ resource: string; action: string }[]>(`/users/current/permissions?${scope}`, as)).map(
      ({ resource, action }) => `${resource}:${action}`,
    );

  test('is listed in a project as Harbor writes it', async () => {
    const held = await listed(`scope=/project/${team}&relative=true`, anna);
    assert.equal(held.length, 20);
    assert.ok(held.includes('repository:pull') && held.includes('.:read') && !held.includes('repository:push'));
    assert.ok((await listed(`scope=/project/${team}`, anna)).includes(`/project/${team}/repository:pull`));
    assert.ok((await listed(`scope=/project/team`, anna)).includes('/project/team:read'));
  });

  test('is nothing where there is nothing, or nothing to be seen', async () => {
    assert.deepEqual(await listed(`scope=/project/${team}`, bert), []);
    assert.deepEqual(await listed('scope=/project/4711', bert), []);
    assert.deepEqual(await listed('scope=/system', bert), []);
    assert.deepEqual(await listed('', bert), []);
    assert.ok((await listed('scope=/system&relative=true', registry.admin)).includes('user:create'));
    await assertAnswer(await ask('GET', '/users/current/permissions'), 401, 'UNAUTHORIZED');
  });
});

test('people whose password is old are reminded, and come in all the same', async () => {
  const old = createTestClock(Date.now());
  await using other = await startTestRegistry({ clock: old.clock, env: { ENTREPOT_AUTH_PASSWORD_MAX_AGE_DAYS: '90' } });
  const ageOf = async () => {
    const response = await other.fetch('/api/v2.0/users/current', { as: other.admin });
    assert.equal(response.status, 200);
    await response.text();
    return response.headers.get('x-entrepot-password-age');
  };
  old.advance(89 * 86_400_000);
  assert.equal(await ageOf(), null);
  old.advance(2 * 86_400_000);
  assert.equal(await ageOf(), '91');
});
