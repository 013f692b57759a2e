import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { projectPermissions, systemPermissions } from '#src/permissions';
import type { RouteRecord } from '#src/route';
import { peopleRecords } from './all-people.ts';

/** As many as Harbor has (its own document, v2.16; for robotv1 that of v2.12). */
const operationsInGroup = {
  project: 14,
  projectMetadata: 5,
  member: 5,
  user: 11,
  usergroup: 6,
  robot: 6,
  robotv1: 5,
  repository: 5,
  artifact: 12,
  label: 5,
  quota: 3,
  search: 1,
  statistic: 1,
  systeminfo: 3,
  configure: 3,
  Ldap: 4,
  oidc: 1,
  auditlog: 3,
  permissions: 1,
  health: 1,
  ping: 1,
  icon: 1,
};

const record = (operationId: string): RouteRecord => {
  const found = peopleRecords.find((one) => one.operationId === operationId);
  assert.ok(found, operationId);
  return found;
};

/** What the server is left with of a request body; undefined where it refuses it. */
const taken = (operationId: string, body: unknown) => record(operationId).body?.safeParse(body).data;

/** Every object in a schema, with where it is. */
function* objectsIn(schema: unknown, at = ''): Generator<[string, Record<string, unknown>]> {
  if (typeof schema !== 'object' || schema === null) return;
  yield [at, schema as Record<string, unknown>];
  for (const [key, inner] of Object.entries(schema)) yield* objectsIn(inner, `${at}.${key}`);
}

test('every group has as many operations as in Harbor', () => {
  const counted = Object.fromEntries(
    Object.entries(Object.groupBy(peopleRecords, ({ tag }) => tag)).map(([tag, records]) => [tag, records?.length]),
  );
  assert.deepEqual(counted, operationsInGroup);
});

test('no operation and no path is there twice', () => {
  assert.equal(new Set(peopleRecords.map(({ operationId }) => operationId)).size, peopleRecords.length);
  assert.equal(new Set(peopleRecords.map(({ method, path }) => `${method} ${path}`)).size, peopleRecords.length);
});

for (const one of peopleRecords) {
  const named = [...one.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');

  test(`${one.operationId} describes its request completely`, () => {
    assert.match(one.path, /^\/api\/v2\.0\/[^?]+$/);
    assert.match(one.summary, /^[A-Z][^\n]+\.$/);
    assert.deepEqual(Object.keys(one.params?.shape ?? {}).toSorted(), named.toSorted());
    assert.equal(named.includes('project_name_or_id'), one.headers?.shape['x-is-resource-name'] !== undefined);
    for (const name of Object.keys(one.headers?.shape ?? {})) assert.equal(name, name.toLowerCase());
    if (one.body !== undefined) assert.ok(['POST', 'PUT', 'PATCH'].includes(one.method));
  });

  test(`${one.operationId} says who may, and where that is asked`, () => {
    const { permission, at } = one;
    if (permission === 'public' || permission === 'authenticated') return assert.equal(at, undefined);
    const namesProject = named.includes('project_name') || named.includes('project_name_or_id');
    assert.ok(at !== undefined);
    assert.equal(at === 'project', namesProject);
    const vocabulary: readonly string[] = {
      project: projectPermissions,
      system: systemPermissions,
      object: [...projectPermissions, ...systemPermissions],
    }[at];
    assert.ok(vocabulary.includes(permission), permission);
  });

  test(`${one.operationId} describes its answers completely`, () => {
    const statuses = Object.keys(one.responses).map(Number);
    assert.equal(statuses.filter((status) => status < 300).length, 1);
    assert.equal(statuses.includes(201), one.method === 'POST' && !statuses.includes(200));
    if (one.operationId !== 'getPing') assert.ok(statuses.includes(500));
    if (one.permission !== 'public') assert.ok(statuses.includes(401) && statuses.includes(403));
    if (one.params !== undefined) assert.ok(statuses.includes(404));
    if (one.query ?? one.body ?? one.params) assert.ok(statuses.includes(400));
    if (one.produces !== undefined) assert.ok(one.responses[200] instanceof z.ZodString);
  });

  test(`${one.operationId} can be written as JSON Schema`, () => {
    for (const schema of Object.values(one.responses)) if (schema) z.toJSONSchema(schema);
    for (const schema of [one.params, one.query, one.headers, one.body]) {
      if (schema) z.toJSONSchema(schema, { io: 'input' });
    }
  });

  test(`${one.operationId} takes no text or list without a bound`, () => {
    for (const schema of [one.params, one.query, one.headers, one.body]) {
      if (schema === undefined) continue;
      for (const [at, part] of objectsIn(z.toJSONSchema(schema, { io: 'input' }))) {
        if (part['type'] === 'string' && !at.endsWith('.propertyNames')) {
          assert.ok('maxLength' in part || 'enum' in part || 'const' in part, at);
        }
        if (part['type'] === 'array') assert.ok('maxItems' in part, at);
      }
    }
  });
}

test('requests take what clients written in Go send: what is zero is left out, times are theirs', () => {
  assert.deepEqual(taken('setUserSysAdmin', {}), {});
  assert.deepEqual(taken('RefreshSec', {}), {});
  assert.deepEqual(taken('addLabel', { id: 5, creation_time: '0001-01-01T00:00:00.000Z' }), { id: 5 });
  assert.deepEqual(
    taken('updateRepository', { id: 3, description: 'd', artifact_count: 0, creation_time: null, pull_count: 0 }),
    { description: 'd' },
  );
  assert.ok(taken('createProjectMember', { role_id: 2, member_user: { username: 'u' } }));
  assert.ok(taken('createProject', { project_name: 'p', metadata: {} }));
});

test('requests take what Terraform sends: null and empty for what nobody chose', () => {
  assert.ok(
    taken('createProject', {
      project_name: 'p',
      registry_id: null,
      storage_limit: -1,
      cve_allowlist: { items: null },
      metadata: {
        public: 'false',
        auto_scan: 'false',
        prevent_vul: 'true',
        severity: 'critical',
        enable_content_trust: '',
        reuse_sys_cve_allowlist: null,
      },
    }),
  );
  assert.ok(taken('updateConfigurations', { auth_mode: null, oidc_verify_cert: true, ldap_scope: 2 }));
});

test('what a client adds to get more than it may is dropped', () => {
  const user = { username: 'u', email: 'u@example.org', realname: 'U', password: 'Secret12' };
  assert.deepEqual(taken('createUser', { ...user, sysadmin_flag: true, user_id: 1 }), user);
  assert.deepEqual(taken('updateUserProfile', { realname: 'U', sysadmin_flag: true, username: 'admin' }), {
    realname: 'U',
  });
  const robot = {
    name: 'r',
    level: 'project',
    permissions: [{ kind: 'project', namespace: 'p', access: [{ resource: 'repository', action: 'pull' }] }],
  };
  assert.deepEqual(taken('CreateRobot', { ...robot, secret: 'Chosen12', creator_ref: 1, editable: true }), robot);
  assert.deepEqual(taken('UpdateLabel', { name: 'l', scope: 'g', project_id: 2 }), { name: 'l' });
});

test('requests refuse words and numbers that Harbor does not know', () => {
  const refused = (operationId: string, body: unknown) => assert.equal(taken(operationId, body), undefined);
  refused('createProject', { project_name: 'p', metadata: { severity: 'awful' } });
  refused('createProject', { project_name: 'p', metadata: { public: true } });
  refused('createProject', { project_name: 'p', metadata: { proxy_speed_kb: 'fast' } });
  refused('createProject', { project_name: 'p', storage_limit: -2 });
  refused('createProject', { project_name: 'p'.repeat(256) });
  refused('CreateLabel', { name: 'l', scope: 'x' });
  refused('CreateRobot', { name: 'r', level: 'project', permissions: [] });
  refused('CreateRobot', { name: 'r', level: 'world', permissions: [{ kind: 'project', access: [] }] });
  refused('createProjectMember', { role_id: 0 });
  refused('updateQuota', { hard: { storage: -2 } });
  refused('updateConfigurations', { project_creation_restriction: 'nobody' });
});

test('only those answers have room for a secret that hand one out', () => {
  const isSecret = ([name, field]: [string, { readonly const?: unknown }]) =>
    /^secret$|password/.test(name) && field.const !== '';
  const handingOut = peopleRecords.filter(({ responses }) =>
    Object.values(responses).some(
      (schema) =>
        schema !== null &&
        [...objectsIn(z.toJSONSchema(schema))].some(([, { properties }]) =>
          Object.entries(properties ?? {}).some(isSecret),
        ),
    ),
  );
  assert.deepEqual(
    handingOut.map(({ operationId }) => operationId),
    ['getCurrentUserInfo', 'getUser', 'CreateRobot', 'RefreshSec', 'CreateRobotV1'],
  );
});
