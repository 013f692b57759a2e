import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { permissions } from '#src/permissions';
import type { RouteRecord } from '#src/route';
import { workRecords } from './all-work.ts';

/** As many as Harbor has (its own document, v2.16). */
const operationsInGroup = {
  registry: 9,
  replication: 11,
  webhook: 10,
  webhookjob: 1,
  schedule: 2,
  jobservice: 6,
  SystemCVEAllowlist: 2,
  Retention: 10,
  immutable: 4,
  preheat: 19,
  gc: 7,
  purge: 7,
  scan: 3,
  scanAll: 6,
  scanner: 8,
  'scan data export': 4,
  securityhub: 2,
};

const record = (operationId: string): RouteRecord => {
  const found = workRecords.find((one) => one.operationId === operationId);
  assert.ok(found, operationId);
  return found;
};

const takes = (operationId: string, body: unknown) => record(operationId).body?.safeParse(body).success;

test('every group has as many operations as in Harbor', () => {
  const counted = Object.fromEntries(
    Object.entries(Object.groupBy(workRecords, ({ tag }) => tag)).map(([tag, records]) => [tag, records?.length]),
  );
  assert.deepEqual(counted, operationsInGroup);
});

test('no operation and no path is there twice', () => {
  assert.equal(new Set(workRecords.map(({ operationId }) => operationId)).size, workRecords.length);
  assert.equal(new Set(workRecords.map(({ method, path }) => `${method} ${path}`)).size, workRecords.length);
});

for (const one of workRecords) {
  test(`${one.operationId} describes itself completely`, () => {
    const named = [...one.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
    assert.deepEqual(Object.keys(one.params?.shape ?? {}).toSorted(), named.toSorted());
    assert.match(one.path, /^\/api\/v2\.0\/[^?]+[^/]$/);

    if (one.permission === 'public' || one.permission === 'authenticated') {
      assert.equal(one.at, undefined);
    } else {
      assert.ok(permissions.includes(one.permission));
      assert.ok(one.at);
    }
    const namesProject = named.includes('project_name') || named.includes('project_name_or_id');
    assert.equal(one.at === 'project', namesProject);

    for (const schema of [one.params, one.query, one.headers, one.body, ...Object.values(one.responses)]) {
      if (schema) z.toJSONSchema(schema, { io: 'input' });
    }
    for (const name of Object.keys(one.headers?.shape ?? {})) assert.equal(name, name.toLowerCase());

    const statuses = Object.keys(one.responses).map(Number);
    assert.equal(statuses.filter((status) => status < 300).length, 1);
    for (const status of [401, 403, 500]) assert.ok(statuses.includes(status), `${status}`);
    if (one.params) assert.ok(statuses.includes(404));
    if (one.query || one.body || one.params) assert.ok(statuses.includes(400));
    if (one.body) assert.notEqual(one.method, 'GET');
    if (statuses.includes(201)) assert.equal(one.method, 'POST');
    assert.match(one.summary, /^[A-Z][^\n]+\.$/);
    if (one.produces) assert.ok(one.responses[200] instanceof z.ZodString);
  });
}

test('requests take what clients of Harbor send without choosing it', () => {
  assert.ok(
    takes('createReplicationPolicy', {
      id: 0,
      name: 'p',
      description: '',
      src_registry: null,
      dest_registry: { id: 7, url: 'https://elsewhere.example', creation_time: '0001-01-01T00:00:00.000Z' },
      trigger: { type: '', trigger_settings: { cron: '' } },
      filters: [{ type: 'label', value: ['a', 'b'], decoration: '' }],
      speed: -1,
      unheard_of: true,
    }),
  );
  assert.ok(takes('createGCSchedule', { id: 0, schedule: { type: 'Manual' }, parameters: { workers: 1, other: {} } }));
  assert.ok(
    takes('createRetention', {
      algorithm: 'or',
      rules: [
        {
          disabled: false,
          action: 'retain',
          template: 'always',
          params: { always: '' },
          tag_selectors: [{ kind: 'doublestar', decoration: 'matches', pattern: '**', extras: '{"untagged":true}' }],
          scope_selectors: { repository: [{ kind: 'doublestar', decoration: 'repoMatches', pattern: '**' }] },
        },
      ],
      trigger: { kind: 'Schedule', references: {}, settings: { cron: '0 0 0 * * *' } },
      scope: { level: 'project', ref: 1 },
    }),
  );
  assert.ok(takes('scanArtifact', {}));
});

test('requests refuse words and numbers that Harbor does not know', () => {
  assert.equal(takes('createReplicationPolicy', { name: 'p', trigger: { type: 'sometimes' } }), false);
  assert.equal(takes('createReplicationPolicy', { name: '' }), false);
  assert.equal(takes('createReplicationPolicy', { name: 'p', speed: 2 ** 31 }), false);
  assert.equal(takes('createGCSchedule', { schedule: { type: 'Yearly' } }), false);
  assert.equal(takes('createGCSchedule', { schedule: { type: 'Manual' }, parameters: { workers: 11 } }), false);
  assert.equal(
    takes('createPurgeSchedule', { schedule: { type: 'Manual' }, parameters: { audit_retention_hour: 240_001 } }),
    false,
  );
  assert.equal(takes('actionPendingJobs', { action: 'burn' }), false);
  assert.equal(takes('scanArtifact', { scan_type: 'smell' }), false);
  assert.equal(takes('createRetention', { rules: Array.from({ length: 16 }, () => ({})) }), false);
  assert.equal(
    takes('CreateWebhookPolicyOfProject', {
      name: 'w',
      targets: [{ type: 'http', address: 'https://a' }],
      event_types: ['NEVER'],
    }),
    false,
  );
});
