import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { forEachDialect } from '#testing/databases';
import { eventually } from '#testing/test-clock';
import { startTestRegistry, type TestRegistry, useTestRegistry } from '#testing/test-registry';

interface Log {
  readonly id: number;
  readonly username: string;
  readonly resource: string;
  readonly resource_type: string;
  readonly operation: string;
  readonly operation_result?: boolean;
  readonly op_time: string;
}

async function list(registry: TestRegistry, path: string, as: string) {
  const response = await registry.fetch(path, { as });
  assert.equal(response.status, 200, `${path}: ${await response.clone().text()}`);
  return {
    rows: (await response.json()) as Log[],
    total: Number(response.headers.get('x-total-count')),
    link: response.headers.get('link'),
  };
}

/** Waits until everything that was noted so far is written. */
async function settle(registry: TestRegistry): Promise<void> {
  const marker = `marker-${crypto.randomUUID()}`;
  await (await registry.fetch('/v2/', { as: registry.basic(marker, 'x') })).text();
  await eventually(async () => {
    const found = await registry.query(`select id from audit where resource = '${marker}'`);
    return found.length > 0 ? true : undefined;
  });
}

/** Two tenants: anna administers mine, ben theirs, guest is a guest of mine. */
async function populate(registry: TestRegistry) {
  await registry.addProject('mine');
  await registry.addProject('theirs');
  await registry.addUser('anna', { mine: 1 });
  await registry.addUser('ben', { theirs: 1 });
  await registry.addUser('guest', { mine: 3 });
  await registry.pushImage('mine/app', 'v1');
  await registry.pushImage('theirs/secret-name', 'v1');
  await registry.putManifest('mine/app', 'v2', '{}', registry.basic('guest'));
  await settle(registry);
}

const registry = await useTestRegistry();
await populate(registry);
const [anna, ben, guest] = ['anna', 'ben', 'guest'].map((name) => registry.basic(name)) as [string, string, string];

for (const path of ['/api/v2.0/audit-logs', '/api/v2.0/auditlog-exts', '/api/entrepot/v1/audit']) {
  test(`${path} shows everybody what he may read, and counts that only`, async () => {
    const all = await list(registry, `${path}?page_size=100`, registry.admin);
    assert.equal(all.total, all.rows.length);
    assert.ok(all.rows.some(({ resource }) => resource.startsWith('theirs/')));
    assert.ok(
      all.rows.some(({ operation }) => operation === 'login'),
      'what is of no project too',
    );
    const own = await list(registry, `${path}?page_size=100`, anna);
    assert.equal(own.total, own.rows.length);
    assert.ok(own.rows.length >= 2 && own.rows.length < all.rows.length);
    for (const { resource } of own.rows) assert.match(resource, /^mine/);
    for (const query of ['', '?q=resource%3D~secret', '?sort=id', '?page=99', '?q=username%3Dben']) {
      const found = await list(registry, path + query, anna);
      assert.doesNotMatch(JSON.stringify(found.rows), /theirs|secret-name|ben/, query);
      assert.ok(found.total <= own.total, query);
    }
    assert.deepEqual((await list(registry, path, guest)).rows, [], 'a guest may not list the log');
    await assertAnswer(await registry.fetch(path), 401, 'UNAUTHORIZED');
  });
}

for (const path of [
  '/api/v2.0/projects/mine/logs',
  '/api/v2.0/projects/mine/auditlog-exts',
  '/api/entrepot/v1/projects/mine/audit',
  '/api/entrepot/v1/projects/mine/audit/export',
]) {
  test(`${path} is for those who may list its log`, async () => {
    for (const as of [registry.admin, anna]) {
      const response = await registry.fetch(path, { as });
      assert.equal(response.status, 200);
      const text = await response.text();
      assert.match(text, /mine\/app/);
      assert.doesNotMatch(text, /theirs/);
    }
    await assertAnswer(await registry.fetch(path, { as: guest }), 403, 'FORBIDDEN');
    await assertAnswer(await registry.fetch(path), 401, 'UNAUTHORIZED');
    const foreign = await registry.fetch(path, { as: ben });
    const missing = await registry.fetch(path.replace('mine', 'none'), { as: ben });
    assert.deepEqual([foreign.status, missing.status], [404, 404]);
    assert.equal((await foreign.text()).replaceAll('mine', 'none'), await missing.text());
  });
}

for (const path of [
  '/api/v2.0/auditlog-exts/events',
  '/api/entrepot/v1/audit/export',
  '/api/entrepot/v1/audit/export?format=csv',
  '/api/entrepot/v1/audit/verify',
]) {
  test(`${path} is for those who may read all of it`, async () => {
    assert.equal((await registry.fetch(path, { as: registry.admin })).status, 200);
    for (const as of [anna, guest]) await assertAnswer(await registry.fetch(path, { as }), 403, 'FORBIDDEN');
    await assertAnswer(await registry.fetch(path), 401, 'UNAUTHORIZED');
  });
}

test('a refusal is a row of the project it was refused in, with how it ended', async () => {
  const { rows } = await list(registry, '/api/v2.0/projects/mine/auditlog-exts?q=operation_result%3Dfalse', anna);
  assert.deepEqual(
    rows.map(({ username, operation, resource_type, resource, operation_result }) => ({
      username,
      operation,
      resource_type,
      resource,
      operation_result,
    })),
    [
      {
        username: 'guest',
        operation: 'create',
        resource_type: 'artifact',
        resource: 'mine/app',
        operation_result: false,
      },
    ],
  );
});

test('a refused change of the management API is a row', async () => {
  await assertAnswer(
    await registry.fetch('/api/v2.0/projects/mine', { method: 'DELETE', as: guest }),
    403,
    'FORBIDDEN',
  );
  await assertAnswer(
    await registry.fetch('/api/v2.0/projects/theirs', { method: 'DELETE', as: anna }),
    404,
    'NOT_FOUND',
  );
  await settle(registry);
  const q = encodeURIComponent('operation=delete,resource_type=project,operation_result=false');
  const { rows } = await list(registry, `/api/v2.0/auditlog-exts?q=${q}&sort=id`, registry.admin);
  assert.deepEqual(
    rows.map(({ username, resource }) => [username, resource]),
    [
      ['guest', '/api/v2.0/projects/mine'],
      ['anna', '/api/v2.0/projects/theirs'],
    ],
  );
});

test('pages are linked as elsewhere', async () => {
  const first = await list(registry, '/api/v2.0/auditlog-exts?page_size=2&q=operation%3Dcreate', registry.admin);
  assert.match(first.link ?? '', /[?&]page=2[&>].*rel="next"/);
  assert.equal(first.rows.length, 2);
});

for (const [query, what] of [
  ['q=detail%3D~x', 'query.q'],
  ['sort=detail', 'query.sort'],
  ['page_size=101', 'page_size'],
] as const) {
  test(`?${query} is refused with a word on what is wrong`, async () => {
    const response = await registry.fetch(`/api/v2.0/auditlog-exts?${query}`, { as: registry.admin });
    assert.equal(response.status, 400);
    assert.ok((await response.text()).includes(what));
  });
}

test('the kinds of events are listed under Harbor names', async () => {
  const response = await registry.fetch('/api/v2.0/auditlog-exts/events', { as: registry.admin });
  const events = (await response.json()) as { event_type: string }[];
  for (const name of ['create_artifact', 'update_member', 'login_user']) {
    assert.ok(
      events.some(({ event_type }) => event_type === name),
      name,
    );
  }
});

test('the export has each row once, in both forms, and as an attachment', async () => {
  const ecs = await registry.fetch('/api/entrepot/v1/audit/export', { as: registry.admin });
  assert.match(ecs.headers.get('content-type') ?? '', /^application\/x-ndjson/);
  assert.match(ecs.headers.get('content-disposition') ?? '', /^attachment; filename="audit-[\d-]+\.ndjson"$/);
  const lines = (await ecs.text()).trimEnd().split('\n');
  const events = lines.map((line) => JSON.parse(line) as { ecs: { version: string }; event: { id: string } });
  assert.equal(new Set(events.map(({ event }) => event.id)).size, events.length);
  assert.ok(events.every(({ ecs: { version } }) => version === '8.17.0'));
  const csv = await registry.fetch('/api/entrepot/v1/audit/export?format=csv', { as: registry.admin });
  assert.match(csv.headers.get('content-type') ?? '', /^text\/csv/);
  assert.equal(csv.headers.get('x-content-type-options'), 'nosniff');
  const cells = (await csv.text()).trimEnd().split('\r\n');
  assert.ok(cells.length - 1 >= events.length);
  assert.match(cells[0] ?? '', /^id,time,actor/);
  const none = await registry.fetch('/api/entrepot/v1/audit/export?to=2001-01-01', { as: registry.admin });
  assert.equal(await none.text(), '');
  const wrong = await registry.fetch('/api/entrepot/v1/audit/export?from=2030-01-01&to=2029-01-01', {
    as: registry.admin,
  });
  assert.equal(wrong.status, 400);
  for (const query of ['from=yesterday', 'format=xml']) {
    const response = await registry.fetch(`/api/entrepot/v1/audit/export?${query}`, { as: registry.admin });
    assert.equal(response.status, 400, query);
  }
});

test('a name that is a formula stays a text in the export', async () => {
  await (await registry.fetch('/v2/', { as: registry.basic('=1+1\n@x', 'wrong') })).text();
  await settle(registry);
  const csv = await (await registry.fetch('/api/entrepot/v1/audit/export?format=csv', { as: registry.admin })).text();
  assert.match(csv, /"'=1\+1\n'@x"/);
});

test('a throttled sign-in is a row, and a flood of them is counted', async () => {
  await using own = await startTestRegistry({ env: { ENTREPOT_AUTH_LOGIN_ATTEMPTS: '2' } });
  for (let at = 0; at < 70; at++) {
    await (await own.fetch('/v2/', { as: own.basic('eve', `wrong-${at}`) })).text();
  }
  await eventually(async () => {
    const rows = await own.query("select detail from audit where action = 'login' and detail like '%throttled%'");
    return rows.length === 60 ? true : undefined;
  });
});

forEachDialect('the verification', (on) => {
  test('vouches for what was done, and names the rows that were changed past it', async () => {
    await using place = await on.makePlace();
    await using own = await startTestRegistry({ place });
    await populate(own);
    const verify = async (query = '') => {
      const response = await own.fetch(`/api/entrepot/v1/audit/verify${query}`, { as: own.admin });
      assert.equal(response.status, 200);
      return (await response.json()) as {
        rows: number;
        head: string;
        verified: boolean;
        firstBad?: { firstId: number };
      };
    };
    const first = await verify();
    assert.equal(first.verified, true);
    assert.ok(first.rows >= 6);
    assert.match(own.logs(), new RegExp(first.head), 'the head is in the log');
    assert.equal((await verify(`?expect=${first.head}`)).verified, true);
    assert.equal((await verify(`?expect=${'0'.repeat(64)}`)).verified, false);
    const [guard] =
      on.kind === 'postgres' ? ['alter table audit disable trigger all'] : ['drop trigger audit_no_update'];
    await place.query(guard ?? '');
    await place.query("update audit set actor = 'nobody' where id = 2");
    const after = await verify();
    assert.equal(after.verified, false);
    assert.ok(after.firstBad !== undefined && after.firstBad.firstId <= 2);
  });
});
