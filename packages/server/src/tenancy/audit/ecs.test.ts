import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditActions } from './actions.ts';
import { toEcs } from './ecs.ts';
import type { AuditRow } from './types.ts';

const row: AuditRow = {
  id: 7,
  at: Date.UTC(2026, 0, 2),
  actor: 'anna',
  actorId: 3,
  address: '192.0.2.1',
  requestId: 'r-1',
  action: 'push-artifact',
  projectId: 5,
  resource: 'team/app:v1',
  digest: 'sha256:aa',
  outcome: 'success',
  detail: '{"size":5}',
};

test('a push is told in the words of the schema', () => {
  assert.deepEqual(toEcs(row), {
    '@timestamp': '2026-01-02T00:00:00.000Z',
    ecs: { version: '8.17.0' },
    message: 'anna create artifact team/app:v1: success',
    event: {
      kind: 'event',
      category: ['package'],
      type: ['change'],
      action: 'create_artifact',
      outcome: 'success',
      id: '7',
      dataset: 'entrepot.audit',
      module: 'entrepot',
      provider: 'entrepot',
    },
    user: { name: 'anna', id: '3' },
    source: { address: '192.0.2.1', ip: '192.0.2.1' },
    http: { request: { id: 'r-1' } },
    container: { image: { name: 'team/app', tag: ['v1'], hash: { all: ['sha256:aa'] } } },
    related: { user: ['anna'], ip: ['192.0.2.1'], hash: ['sha256:aa'] },
    entrepot: {
      resource: 'team/app:v1',
      resource_type: 'artifact',
      operation: 'create',
      project: { id: '5' },
      detail: { size: 5 },
    },
  });
});

test('what is no address is not told as one', () => {
  const told = toEcs({ ...row, address: 'local', actor: 'anonymous', actorId: null, digest: null }) as {
    source: object;
    related: object;
    user: object;
  };
  assert.deepEqual([told.source, told.related, told.user], [{ address: 'local' }, {}, { name: 'anonymous' }]);
});

test('the reason of a refusal is told', () => {
  const detail = '{"operation":"deleteProject","error":"denied"}';
  const told = toEcs({ ...row, action: 'delete-project', resource: '/api/x', outcome: 'failure', detail }) as {
    event: { reason: string; outcome: string; category: string[]; type: string[] };
  };
  const { reason, outcome, category, type } = told.event;
  assert.deepEqual([reason, outcome, category, type], ['denied', 'failure', ['configuration'], ['deletion']]);
  assert.ok(!('container' in told));
});

/** ECS 8.17, allowed values of event.category and the event types expected with each. */
const expectedTypes: Readonly<Record<string, readonly string[]>> = {
  authentication: ['start', 'end', 'info'],
  configuration: ['access', 'change', 'creation', 'deletion', 'info'],
  iam: ['admin', 'change', 'creation', 'deletion', 'group', 'info', 'user'],
  package: ['access', 'change', 'deletion', 'info', 'installation', 'start'],
};

for (const action of [...Object.keys(auditActions), 'an-action-of-a-newer-build']) {
  test(`${action} has a category of the schema and a type that goes with it`, () => {
    const { event } = toEcs({ ...row, action }) as { event: { category: string[]; type: string[] } };
    for (const category of event.category) {
      for (const type of event.type) assert.ok(expectedTypes[category]?.includes(type), `${category} ${type}`);
    }
  });
}
