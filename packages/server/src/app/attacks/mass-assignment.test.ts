import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { allRecords } from '@entrepot/contract/all-records';
import type { RouteRecord } from '@entrepot/contract/route';
import { dumpTables } from '#testing/dump-tables';
import { startReceiver } from '#testing/receiver';
import { useTestRegistry } from '#testing/test-registry';
import { kindByPlace, makeTenants, sampleBodies, type Tenant, tenantEnv, wordsByPlace } from '#testing/two-tenants';

// Class C2 for every served operation with a body: fields that bear rights, beside those that it takes and inside them,
// and keys that reach for prototypes. Whatever comes back, nobody has more rights than before.

const receiver = await startReceiver();
after(() => receiver[Symbol.asyncDispose]());
const registry = await useTestRegistry({ env: tenantEnv });
const { a, b, stranger } = await makeTenants(registry, receiver.url);
const guest = registry.basic('guest-pa');
const bodies = sampleBodies(a);

const notYet = new Set(registry.registry.notYet);
const served = allRecords.filter(({ operationId }) => !notYet.has(operationId));
const withBody = served.filter(({ body }) => body !== undefined);

function pathIn(record: RouteRecord, { project, things }: Tenant): string {
  const path = record.path.replaceAll(/([^/]+)\/(\{\w+\})/g, (_, before: string, parameter: string) => {
    if (parameter.startsWith('{project_name')) return `${before}/${project}`;
    const kind = kindByPlace[`${before}/${parameter}`];
    return `${before}/${kind === undefined ? wordsByPlace[`${before}/${parameter}`] : things[kind]}`;
  });
  return record.operationId === 'CopyArtifact' ? `${path}?from=pa/${things.repository}:${things.tag}` : path;
}

async function post(record: RouteRecord, as: string | undefined, body: string) {
  const headers = { 'content-type': 'application/json' };
  const init = { method: record.method, headers, body, ...(as === undefined ? {} : { as }) };
  const response = await registry.fetch(pathIn(record, a), init);
  const text = await response.text();
  const what = `${record.operationId}: ${response.status} ${text.slice(0, 300)}`;
  assert.ok(response.status < 500, what);
  return { status: response.status, what };
}

const bearing = {
  sysadmin_flag: true,
  has_admin_role: true,
  is_admin: true,
  admin: true,
  admin_role_in_auth: true,
  role_id: 1,
  role: 1,
  owner_id: 1,
  owner_name: 'admin',
  user_id: 1,
  entity_id: 1,
  project_id: b.projectId,
  id: 1,
  creator: 'admin',
  creator_type: 'local',
  creator_ref: 1,
  editable: true,
  level: 'system',
  permissions: [{ kind: 'system', namespace: '/', access: [{ resource: 'user', action: 'update' }] }],
  access: [{ resource: 'user', action: 'update' }],
  expires_at: -1,
  duration: -1,
  generation: 0,
  disabled: false,
  source: 'local',
  scope: 'g',
  public: true,
};

/** The same fields in every object within. */
function burdened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(burdened);
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, burdened(each)]));
  return { ...bearing, ...inner };
}

const rightsTables = [
  'user_account',
  'role',
  'system_member',
  'member',
  'repository_member',
  'user_group',
  'user_group_member',
  'robot',
  'workload_identity',
  'registry',
  'setting',
  'quota',
  'label',
  'webhook_policy',
  'project_metadata',
];

/** Who may what, without what a profile says. */
async function rights(only: (row: Record<string, unknown>) => boolean = () => true) {
  const dump = await dumpTables(registry);
  const tables = rightsTables.filter((table) => table in dump);
  assert.ok(tables.length >= 13, `the tables are ${Object.keys(dump).join(', ')}`);
  return Object.fromEntries(
    tables.map((table) => [
      table,
      dump[table]
        ?.map((row) => JSON.parse(row) as Record<string, unknown>)
        .filter(only)
        .map(({ realname: _r, email: _e, comment: _c, updated_at: _u, ...rest }) => JSON.stringify(rest)),
    ]),
  );
}

for (const [who, as] of [
  ['nobody', undefined],
  ['a stranger', stranger],
  ['a guest', guest],
  ['a developer', a.dev],
] as const) {
  test(`${who} has no more rights by writing them into a body`, async () => {
    // What he makes for himself is his own: its owner, and nothing of anybody else's.
    const others = (row: Record<string, unknown>) =>
      typeof row['project_id'] !== 'number' || row['project_id'] <= b.projectId;
    const before = await rights(others);
    for (const record of withBody) {
      const sample = bodies[record.operationId] ?? {};
      for (const body of [burdened(sample), { ...(sample as object), ...bearing }]) {
        await post(record, as, JSON.stringify(body));
      }
    }
    assert.deepEqual(await rights(others), before);
    const made = await registry.query("select owner_id, public from project where name = 'grabbed'");
    for (const row of made) assert.notEqual(Number(row['owner_id']), 1);
    const open = await registry.query("select name from project where public = 1 and name in ('pa', 'pb')");
    assert.deepEqual(open, []);
  });
}

test('an administrator of a project has no more rights outside of it', async () => {
  const outside = (row: Record<string, unknown>) => row['project_id'] !== a.projectId;
  const before = await rights((row) => outside(row) && row['project_id'] !== undefined);
  const everywhere = [
    'user_account',
    'role',
    'system_member',
    'user_group',
    'user_group_member',
    'registry',
    'setting',
  ];
  const whole = async () => {
    const dump = await rights();
    return everywhere.map((table) => dump[table]);
  };
  const beforeAll = await whole();
  const bounded = (await registry.query('select project_id, permissions from robot where project_id is null')).length;
  for (const record of withBody) {
    const sample = bodies[record.operationId] ?? {};
    for (const body of [burdened(sample), { ...(sample as object), ...bearing }]) {
      await post(record, a.boss, JSON.stringify(body));
    }
  }
  assert.deepEqual(
    await rights((row) => outside(row) && row['project_id'] !== undefined && row['name'] !== 'grabbed'),
    before,
  );
  assert.deepEqual(await whole(), beforeAll);
  const wide = await registry.query('select project_id, permissions from robot where project_id is null');
  assert.equal(wide.length, bounded, 'no robot of the registry was made');
  const reaching = await registry.query(`select permissions from robot where project_id = ${a.projectId}`);
  for (const { permissions } of reaching) {
    for (const { place } of JSON.parse(String(permissions)) as { place: unknown }[]) {
      assert.equal(place, a.projectId, 'a robot of the project stays in it');
    }
  }
});

const polluted = () => ({}) as Record<string, unknown>;
const pollution = '{"polluted":1,"admin":true,"sysadmin_flag":true}';

test('no body reaches a prototype', async () => {
  for (const record of served.filter(({ method }) => method !== 'GET' && method !== 'HEAD')) {
    const sample = JSON.stringify(bodies[record.operationId] ?? {}).slice(1);
    const rest = sample === '}' ? '}' : `,${sample}`;
    for (const body of [
      `{"__proto__":${pollution}${rest}`,
      `{"\\u005f\\u005fproto\\u005f\\u005f":${pollution}${rest}`,
      `{"constructor":{"prototype":${pollution}}${rest}`,
      `{"x":{"y":[{"__proto__":${pollution}}]}${rest}`,
      `[{"__proto__":${pollution}}]`,
    ]) {
      const { status, what } = await post(record, stranger, body);
      assert.ok(status >= 400, what);
      assert.equal(polluted()['polluted'], undefined, what);
      assert.equal(polluted()['admin'], undefined, what);
    }
  }
});

test('no query reaches a prototype', async () => {
  for (const record of served.filter(({ method }) => method === 'GET' || method === 'HEAD')) {
    if (record.operationId === 'getRegistryInfo') continue;
    for (const query of [
      'a[__proto__][polluted]=1',
      '__proto__[polluted]=1&constructor[prototype][polluted]=1',
      '__proto__.polluted=1&constructor.prototype.polluted=1&__proto__=2&__proto__=3',
      'q=__proto__%3D1&sort=__proto__&page[__proto__]=1',
      'q=constructor%3D~x&sort=constructor',
    ]) {
      const path = pathIn(record, a);
      const response = await registry.fetch(`${path}?${query}`, { method: record.method, as: registry.admin });
      const text = await response.text();
      assert.ok(response.status < 500, `${path}?${query}: ${response.status} ${text.slice(0, 200)}`);
      assert.equal(polluted()['polluted'], undefined);
    }
  }
});
