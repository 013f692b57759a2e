import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTestClock } from '#testing/test-clock';
import { startTestRegistry, type TestRegistry, useTestRegistry } from '#testing/test-registry';

interface Made {
  readonly id: number;
  readonly name: string;
  readonly secret: string;
}

const pullAnd = (...actions: string[]) => ['pull', ...actions].map((action) => ({ resource: 'repository', action }));

interface Asked {
  readonly as: string;
  readonly method?: string;
  readonly body?: unknown;
}

const ask = (on: TestRegistry, path: string, { as, method = 'GET', body }: Asked) =>
  on.fetch(path, {
    as,
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });

/** Makes a robot and answers with what its maker is told. */
async function make(on: TestRegistry, fields: object, as = on.admin): Promise<Made> {
  const response = await ask(on, '/api/v2.0/robots', { as, method: 'POST', body: fields });
  assert.equal(response.status, 201, await response.clone().text());
  return (await response.json()) as Made;
}

const inProject = (namespace: string, access: readonly object[], fields: object = {}) => ({
  name: 'builder',
  level: 'project',
  duration: -1,
  permissions: [{ kind: 'project', namespace, access }],
  ...fields,
});

const shared = await useTestRegistry({ env: { ENTREPOT_AUTH_LOGIN_ATTEMPTS: '1000' } });
await shared.addProject('team');
await shared.addProject('other');
await shared.addUser('boss', { team: 1 });
await shared.addUser('dev', { team: 2 });
await shared.pushImage('team/app', 'v1');
await shared.pushImage('other/app', 'v1');
const boss = shared.basic('boss');

const pull = (on: TestRegistry, as: string, repository = 'team/app') =>
  on.fetch(`/v2/${repository}/manifests/v1`, { as });
const push = (on: TestRegistry, as: string, repository = 'team/app') =>
  on.fetch(`/v2/${repository}/blobs/uploads/`, { as, method: 'POST' });

describe('a robot of a project', () => {
  test('does what it was given, by Basic and by a token, and is shown as Harbor shows it', async () => {
    const made = await make(shared, inProject('team', pullAnd()), boss);
    assert.equal(made.name, 'robot$team+builder');
    assert.match(made.secret, /^[A-Za-z0-9]{32}$/);
    const basic = shared.basic(made.name, made.secret);
    assert.equal((await pull(shared, basic)).status, 200);
    assert.equal((await push(shared, basic)).status, 403);
    assert.equal((await pull(shared, basic, 'other/app')).status, 404);
    const token = await shared.bearer(basic, 'repository:team/app:pull,push,delete', 'repository:other/app:pull');
    assert.equal((await pull(shared, token)).status, 200);
    assert.equal((await push(shared, token)).status, 401);
    assert.equal((await pull(shared, token, 'other/app')).status, 401);
    const response = await ask(shared, `/api/v2.0/robots/${made.id}`, { as: boss });
    const shown = (await response.json()) as Record<string, unknown>;
    assert.deepEqual([shown['name'], shown['level'], shown['expires_at']], [made.name, 'project', -1]);
    assert.deepEqual(shown['permissions'], [
      { kind: 'project', namespace: 'team', access: [{ resource: 'repository', action: 'pull', effect: 'allow' }] },
    ]);
    assert.ok(!JSON.stringify(shown).includes(made.secret));
    const catalog = await shared.fetch('/v2/_catalog', { as: basic });
    assert.ok(((await catalog.json()) as { repositories: string[] }).repositories.includes('team/app'));
  });

  test('is made by who may make robots there, with what he has himself, and nowhere else', async () => {
    const attempts: readonly (readonly [string, string, object, number])[] = [
      ['a developer makes none', shared.basic('dev'), inProject('team', pullAnd()), 403],
      ['nobody makes one in a foreign project', boss, inProject('other', pullAnd()), 400],
      ['nobody finds out a project by naming it', boss, inProject('none', pullAnd()), 400],
      [
        'a project administrator makes none of the registry',
        boss,
        { ...inProject('*', pullAnd()), level: 'system' },
        403,
      ],
      ['all projects are not one', boss, inProject('*', pullAnd()), 400],
      ['what cannot be given is not', boss, inProject('team', [{ resource: 'robot', action: 'update' }]), 400],
      ['nor what nobody knows', boss, inProject('team', [{ resource: 'constructor', action: 'x' }]), 400],
      ['a name has its grammar', boss, inProject('team', pullAnd(), { name: 'A b' }), 400],
      ['a name is taken once', boss, inProject('team', pullAnd(), { name: 'builder' }), 409],
      ['a life has a length', boss, inProject('team', pullAnd(), { name: 'x', duration: 10_000_000 }), 400],
    ];
    for (const [what, as, body, status] of attempts) {
      const response = await ask(shared, '/api/v2.0/robots', { as, method: 'POST', body });
      assert.equal(response.status, status, `${what}: ${await response.text()}`);
    }
  });

  test('is there for nobody who may not see it', async () => {
    const made = await make(shared, inProject('other', pullAnd(), { name: 'hidden' }));
    const missing = await ask(shared, '/api/v2.0/robots/99999', { as: boss });
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', inProject('other', pullAnd())],
      ['PATCH', {}],
      ['DELETE', undefined],
    ] as const) {
      const response = await ask(shared, `/api/v2.0/robots/${made.id}`, { as: boss, method, body });
      assert.equal(response.status, 404, method);
      if (method === 'GET') {
        const text = (await response.text()).replace(String(made.id), '99999');
        assert.equal(text, await missing.text());
      }
    }
    const v1 = `/api/v2.0/projects/team/robots/${made.id}`;
    for (const method of ['GET', 'DELETE']) assert.equal((await ask(shared, v1, { as: boss, method })).status, 404);
    assert.equal((await ask(shared, `/api/v2.0/robots/${made.id}`, { as: shared.admin })).status, 200);
    const list = `/api/v2.0/robots?q=Level%3Dproject%2CProjectID%3D`;
    assert.equal((await ask(shared, `${list}2`, { as: boss })).status, 200);
    assert.equal((await ask(shared, `${list}3`, { as: boss })).status, 404);
    assert.equal((await ask(shared, '/api/v2.0/robots', { as: boss })).status, 403);
  });

  test('is changed, its secret replaced, and removed', async () => {
    const made = await make(shared, inProject('team', pullAnd(), { name: 'changing' }), boss);
    const path = `/api/v2.0/robots/${made.id}`;
    const body = inProject('team', pullAnd('push'), { name: made.name, description: 'now pushes' });
    assert.equal((await ask(shared, path, { as: boss, method: 'PUT', body })).status, 200);
    assert.equal((await push(shared, shared.basic(made.name, made.secret))).status, 202);
    const weak = await ask(shared, path, { as: boss, method: 'PATCH', body: { secret: 'weakweakweak' } });
    assert.equal(weak.status, 400);
    const given = await ask(shared, path, { as: boss, method: 'PATCH', body: { secret: 'Chosen-By-Me-1' } });
    assert.deepEqual([given.status, await given.json()], [200, {}]);
    assert.equal((await pull(shared, shared.basic(made.name, 'Chosen-By-Me-1'))).status, 200);
    assert.equal((await ask(shared, path, { as: boss, method: 'DELETE' })).status, 200);
    assert.equal((await ask(shared, path, { as: boss })).status, 404);
  });

  test('of the first kind of Harbor’s API is the same', async () => {
    const path = '/api/v2.0/projects/team/robots';
    const elsewhere = { name: 'old', access: [{ resource: '/project/3/repository', action: 'pull' }] };
    assert.equal((await ask(shared, path, { as: boss, method: 'POST', body: elsewhere })).status, 400);
    const access = [{ resource: '/project/2/repository', action: 'pull' }];
    const response = await ask(shared, path, {
      as: boss,
      method: 'POST',
      body: { name: 'old', access, expires_at: -1 },
    });
    assert.equal(response.status, 201);
    const made = (await response.json()) as Made;
    assert.equal(response.headers.get('location'), `${path}/${made.id}`);
    assert.equal((await pull(shared, shared.basic(made.name, made.secret))).status, 200);
    const list = await ask(shared, `${path}?page_size=100`, { as: boss });
    assert.ok(((await list.json()) as Made[]).some(({ name }) => name === 'robot$team+old'));
    assert.equal(
      (await ask(shared, `${path}/${made.id}`, { as: boss, method: 'PUT', body: { disable: true } })).status,
      200,
    );
    assert.equal((await ask(shared, `${path}/${made.id}`, { as: boss, method: 'DELETE' })).status, 200);
  });
});

describe('a robot of the registry', () => {
  const system = (access: readonly object[], namespace = '/') => ({
    name: `ops-${crypto.randomUUID().slice(0, 8)}`,
    level: 'system',
    duration: 10,
    permissions: [{ kind: namespace === '/' ? 'system' : 'project', namespace, access }],
  });

  test('pulls from every project it was given, those made later too', async () => {
    const made = await make(shared, system(pullAnd(), '*'));
    const basic = shared.basic(made.name, made.secret);
    assert.equal((await pull(shared, basic)).status, 200);
    assert.equal((await pull(shared, basic, 'other/app')).status, 200);
  });

  test('makes robots with what it has itself, that live no longer than it does', async () => {
    const access = [{ resource: 'robot', action: 'create' }, ...pullAnd()];
    const made = await make(shared, {
      ...system(access, '*'),
      permissions: [
        { kind: 'system', namespace: '/', access: [{ resource: 'robot', action: 'create' }] },
        { kind: 'project', namespace: 'team', access: [...access, { resource: 'project', action: 'read' }] },
      ],
    });
    const bound = { as: shared.admin, method: 'PATCH', body: { addresses: ['127.0.0.0/8'] } };
    assert.equal((await ask(shared, `/api/entrepot/v1/robots/${made.id}`, bound)).status, 200);
    const as = shared.basic(made.name, made.secret);
    const child = (fields: object, more: readonly object[] = []) => ({
      ...inProject('team', [...pullAnd(), ...more], { name: `c-${crypto.randomUUID().slice(0, 8)}`, duration: 5 }),
      ...fields,
    });
    const attempt = async (body: object) =>
      (await ask(shared, '/api/v2.0/robots', { as, method: 'POST', body })).status;
    assert.equal(await attempt(child({})), 201);
    assert.equal(await attempt(child({ duration: -1 })), 403, 'for ever is longer');
    assert.equal(await attempt(child({ duration: 11 })), 403);
    assert.equal(await attempt(child({}, [{ resource: 'repository', action: 'push' }])), 403, 'it may not push itself');
    assert.equal(await attempt({ ...system(pullAnd(), '*'), duration: 5 }), 403, 'nor everywhere');
    assert.equal(await attempt({ ...system([{ resource: 'user', action: 'list' }]), duration: 5 }), 403);
    const heir = await make(shared, child({}), as);
    const limits = await ask(shared, `/api/entrepot/v1/robots/${heir.id}`, { as: shared.admin });
    const { addresses } = (await limits.json()) as { addresses: string[] };
    assert.deepEqual(addresses, ['127.0.0.0/8'], 'from no more places than its maker');
  });

  test('gives its secret to nobody who has less than it has', async () => {
    const strong = await make(shared, system([{ resource: 'user', action: 'update' }]));
    const permissions = ['robot:read', 'robot:update'];
    const role = { name: 'robot-keeper', level: 'system', permissions };
    const made = await ask(shared, '/api/entrepot/v1/roles', { as: shared.admin, method: 'POST', body: role });
    assert.equal(made.status, 201);
    const role_id = Number(made.headers.get('location')?.split('/').at(-1));
    await shared.addUser('keeper');
    const given = { role_id, user: { name: 'keeper' } };
    const member = { as: shared.admin, method: 'POST', body: given };
    assert.equal((await ask(shared, '/api/entrepot/v1/system-members', member)).status, 201);
    const as = shared.basic('keeper');
    const path = `/api/v2.0/robots/${strong.id}`;
    const rotate = `/api/entrepot/v1/robots/${strong.id}/rotate`;
    assert.equal((await ask(shared, path, { as })).status, 200, 'he sees it');
    assert.equal((await ask(shared, path, { as, method: 'PATCH', body: {} })).status, 403);
    assert.equal((await ask(shared, path, { as, method: 'PATCH', body: { secret: 'Mine-to-know-1' } })).status, 403);
    assert.equal((await ask(shared, rotate, { as, method: 'POST' })).status, 403);
    const itself = shared.basic(strong.name, strong.secret);
    assert.equal((await ask(shared, '/api/v2.0/users/current', { as: itself })).status, 412, 'it signs in as before');
    assert.equal((await ask(shared, path, { as: shared.admin, method: 'PATCH', body: {} })).status, 200);
  });
});

describe('in time,', () => {
  const minute = 60_000;

  async function open() {
    const time = createTestClock();
    const registry = await startTestRegistry({ clock: time.clock });
    await registry.addProject('team');
    await registry.pushImage('team/app', 'v1');
    return { time, registry };
  }

  test('a robot that is disabled, replaced, expired or deleted is nobody within a minute, its tokens too', async () => {
    const { time, registry } = await open();
    await using _ = registry;
    const ways: readonly (readonly [string, (path: string, made: Made) => Promise<Response>])[] = [
      [
        'disabled',
        (path) =>
          ask(registry, path, {
            as: registry.admin,
            method: 'PUT',
            body: inProject('team', pullAnd(), { name: 'disabled', disable: true }),
          }),
      ],
      ['replaced', (path) => ask(registry, path, { as: registry.admin, method: 'PATCH', body: {} })],
      ['deleted', (path) => ask(registry, path, { as: registry.admin, method: 'DELETE' })],
    ];
    for (const [what, end] of ways) {
      const made = await make(registry, inProject('team', pullAnd(), { name: what }));
      const basic = registry.basic(made.name, made.secret);
      const token = await registry.bearer(basic, 'repository:team/app:pull');
      for (const as of [basic, token]) assert.equal((await pull(registry, as)).status, 200, what);
      assert.equal((await end(`/api/v2.0/robots/${made.id}`, made)).status, 200, what);
      time.advance(minute);
      for (const as of [basic, token]) assert.equal((await pull(registry, as)).status, 401, what);
    }
    const short = await make(registry, inProject('team', pullAnd(), { name: 'short', duration: 1 }));
    const basic = registry.basic(short.name, short.secret);
    assert.equal((await pull(registry, basic)).status, 200);
    time.advance(24 * 60 * minute + 1);
    assert.equal((await pull(registry, basic)).status, 401);
  });

  test('a secret that was rotated goes on as long as it was told to', async () => {
    const { time, registry } = await open();
    await using _ = registry;
    const made = await make(registry, inProject('team', pullAnd()));
    const old = registry.basic(made.name, made.secret);
    const response = await ask(registry, `/api/entrepot/v1/robots/${made.id}/rotate`, {
      as: registry.admin,
      method: 'POST',
      body: { overlap_seconds: 3600 },
    });
    const { secret, old_until } = (await response.json()) as { secret: string; old_until: string };
    assert.equal(Date.parse(old_until), time.clock() + 3_600_000);
    for (const as of [old, registry.basic(made.name, secret)]) assert.equal((await pull(registry, as)).status, 200);
    time.advance(3_601_000);
    assert.equal((await pull(registry, old)).status, 401);
    assert.equal((await pull(registry, registry.basic(made.name, secret))).status, 200);
  });

  test('limits to repositories and addresses hold for Basic and for tokens', async () => {
    const { time, registry } = await open();
    await using _ = registry;
    await registry.pushImage('team/db', 'v1');
    const made = await make(registry, inProject('team', pullAnd('push')));
    const path = `/api/entrepot/v1/robots/${made.id}`;
    const basic = registry.basic(made.name, made.secret);
    const limit = async (body: object) => {
      const response = await ask(registry, path, { as: registry.admin, method: 'PATCH', body });
      time.advance(minute);
      return response.status;
    };
    assert.equal(await limit({ repositories: ['web/*', 'app'] }), 200);
    const token = await registry.bearer(basic, 'repository:team/app:pull', 'repository:team/db:pull');
    for (const as of [basic, token]) assert.equal((await pull(registry, as)).status, 200);
    assert.equal((await pull(registry, basic, 'team/db')).status, 404);
    assert.equal((await pull(registry, token, 'team/db')).status, 401);
    assert.equal(await limit({ addresses: ['no network'] }), 400);
    assert.equal(await limit({ addresses: ['127.0.0.0/8', '::1'] }), 200);
    const there = await registry.bearer(basic, 'repository:team/app:pull');
    for (const as of [basic, there]) assert.equal((await pull(registry, as)).status, 200);
    assert.equal(await limit({ addresses: ['10.0.0.0/8'] }), 200);
    for (const as of [basic, there]) assert.equal((await pull(registry, as)).status, 401);
    const shown = (await (await ask(registry, path, { as: registry.admin })).json()) as Record<string, unknown>;
    assert.deepEqual([shown['addresses'], shown['repositories']], [['10.0.0.0/8'], ['web/*', 'app']]);
    assert.equal(await limit({ addresses: null, repositories: null }), 200);
    assert.equal((await pull(registry, basic, 'team/db')).status, 200);
  });

  test('guesses at a robot’s secret are stopped, and its own address is not', async () => {
    const { registry } = await open();
    await using _ = registry;
    const made = await make(registry, inProject('team', pullAnd()));
    const guess = (at: number) => pull(registry, registry.basic(made.name, `Guess${at}aA1`));
    const statuses = new Set<number>();
    for (let at = 0; at < 15; at++) statuses.add((await guess(at)).status);
    assert.deepEqual([...statuses], [401, 429]);
  });
});
