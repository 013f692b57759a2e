import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { askManagement } from '#testing/management';
import { startReceiver } from '#testing/receiver';
import { eventually } from '#testing/test-clock';
import { imageManifest, useTestRegistry } from '#testing/test-registry';

interface Policy {
  readonly id: number;
  readonly algorithm: string;
  readonly rules: readonly { readonly template: string; readonly tag_selectors: readonly object[] }[];
  readonly trigger: { readonly settings: { readonly cron: string } };
  readonly scope: { readonly ref: number };
}
interface Execution {
  readonly id: number;
  readonly status: string;
  readonly dry_run: boolean;
  readonly trigger: string;
}
interface Task {
  readonly id: number;
  readonly repository: string;
  readonly status: string;
  readonly total: number;
  readonly retained: number;
}
interface Simulation {
  readonly artifacts: readonly {
    readonly repository: string;
    readonly digest: string;
    readonly tags: readonly string[];
    readonly verdict: string;
    readonly rule: number | null;
    readonly reason: string;
    readonly bytes_freed: number;
  }[];
  readonly total: number;
  readonly retained: number;
  readonly deleted: number;
  readonly bytes_freed: number;
  readonly untouched: readonly string[];
  readonly truncated: boolean;
}

const registry = await useTestRegistry({ env: { ENTREPOT_OUTBOUND_ALLOW: '127.0.0.1' } });
const ids: Record<string, number> = {};
for (const project of ['team', 'rules', 'other', 'kept', 'runs']) ids[project] = await registry.addProject(project);
await registry.addUser('owner', { team: 1, rules: 1, kept: 1, runs: 1 });
await registry.addUser('guest', { rules: 3 });
await registry.addUser('rival', { other: 1 });
const owner = registry.basic('owner');
const rival = registry.basic('rival');

const ask = <T = unknown>(method: string, path: string, as = owner, body?: unknown) =>
  askManagement<T>(registry, method, path, { as, body });
async function askOurs<T>(method: string, path: string, as = owner, body?: unknown) {
  const response = await registry.fetch(`/api/entrepot/v1${path}`, {
    method,
    as,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  return { status: response.status, text, json: (text === '' ? undefined : JSON.parse(text)) as T };
}

const tags = (pattern: string, decoration = 'matches', untagged = false) => ({
  kind: 'doublestar',
  decoration,
  pattern,
  extras: JSON.stringify({ untagged }),
});
const aRule = (template: string, params: object = {}, more: object = {}) => ({
  disabled: false,
  action: 'retain',
  template,
  params,
  tag_selectors: [tags('**')],
  scope_selectors: { repository: [{ kind: 'doublestar', decoration: 'repoMatches', pattern: '**' }] },
  ...more,
});
const aPolicy = (project: string, rules: readonly object[], cron = '') => ({
  algorithm: 'or',
  rules,
  trigger: { kind: 'Schedule', settings: { cron } },
  scope: { level: 'project', ref: ids[project] },
});
async function create(project: string, rules: readonly object[], cron = ''): Promise<number> {
  const { status, headers, text } = await ask('POST', '/retentions', owner, aPolicy(project, rules, cron));
  assert.equal(status, 201, text);
  return Number(/\/retentions\/(\d+)$/.exec(headers.get('location') ?? '')?.[1]);
}
async function run(id: number, dryRun = false): Promise<{ execution: Execution; tasks: readonly Task[] }> {
  const { status, headers, text } = await ask('POST', `/retentions/${id}/executions`, owner, { dry_run: dryRun });
  assert.equal(status, 201, text);
  const executionId = Number(/\/executions\/(\d+)$/.exec(headers.get('location') ?? '')?.[1]);
  const execution = await eventually(async () => {
    const { json } = await ask<Execution[]>('GET', `/retentions/${id}/executions`);
    return json.find((one) => one.id === executionId && one.status !== 'InProgress');
  }, 20_000);
  return { execution, tasks: (await ask<Task[]>('GET', `/retentions/${id}/executions/${executionId}/tasks`)).json };
}
async function tagsOf(repository: string): Promise<string[]> {
  const bearer = await registry.bearer(registry.admin, `repository:${repository}:pull`);
  const response = await registry.fetch(`/v2/${repository}/tags/list`, { as: bearer });
  return response.status === 404 ? [] : (((await response.json()) as { tags: string[] }).tags ?? []);
}
/** Lets an artifact be older than it is. */
const age = (repository: string, digest: string, days: number) =>
  registry.query(
    `update manifest set pushed_at = pushed_at - ${days * 86_400_000} where digest = '${digest}' and repository_id = (
      select id from repository where name = '${repository}')`,
  );

describe('a retention policy', () => {
  test('is written and read in Harbor’s shape, and its project names it', async () => {
    const rules = [aRule('latestPushedK', { latestPushedK: 3, nDaysSinceLastPush: 30 })];
    const id = await create('rules', rules, '0 0 3 * * *');
    const { json } = await ask<Policy>('GET', `/retentions/${id}`);
    assert.deepEqual(json, {
      id,
      algorithm: 'or',
      rules: [{ id: 1, priority: 0, ...rules[0] }],
      trigger: { kind: 'Schedule', settings: { cron: '0 0 3 * * *' }, references: {} },
      scope: { level: 'project', ref: ids['rules'] },
    });
    const project = await ask<{ metadata: { retention_id?: string } }>('GET', '/projects/rules');
    assert.equal(project.json.metadata.retention_id, String(id));
    const second = await ask('POST', '/retentions', owner, aPolicy('rules', []));
    assert.equal(second.status, 409);
    const [schedule] = await registry.query(
      `select cron from job_schedule where vendor_type = 'RETENTION' and vendor_id = ${id}`,
    );
    assert.equal(schedule?.['cron'], '0 0 3 * * *');
    assert.equal((await ask('PUT', `/retentions/${id}`, owner, aPolicy('rules', [aRule('always')]))).status, 200);
    assert.equal((await registry.query(`select cron from job_schedule where vendor_id = ${id}`)).length, 0);
    assert.equal((await ask('DELETE', `/retentions/${id}`)).status, 200);
    const after = await ask<{ metadata: { retention_id?: string } }>('GET', '/projects/rules');
    assert.equal(after.json.metadata.retention_id, undefined);
  });

  test('tells which rules there are', async () => {
    const { json } = await ask<{ templates: { rule_template: string }[] }>('GET', '/retentions/metadatas');
    const names = json.templates.map((one) => one.rule_template);
    assert.deepEqual(names.slice(0, 5), [
      'latestPushedK',
      'latestPulledN',
      'nDaysSinceLastPush',
      'nDaysSinceLastPull',
      'always',
    ]);
    assert.ok(names.includes('semanticVersions'));
  });

  test('is refused where it makes no sense, naming the field', async () => {
    for (const [policy, message] of [
      [aPolicy('rules', [aRule('latestPushedK', { latestPushedK: 0 })]), /rules\.0\.params\.latestPushedK/],
      [aPolicy('rules', [aRule('latestPushedK')]), /is needed/],
      [aPolicy('rules', [aRule('always', {}, { tag_selectors: [{ ...tags('**'), extras: 'no' }] })]), /extras/],
      [aPolicy('rules', [], '* * *'), /six fields/],
      [{ ...aPolicy('rules', []), scope: {} }, /scope\.ref/],
    ] as const) {
      const { status, text } = await ask('POST', '/retentions', owner, policy);
      assert.equal(status, 400, text);
      assert.match(text, message);
    }
    const project = await ask<{ metadata: { retention_id?: string } }>('GET', '/projects/rules');
    assert.equal(project.json.metadata.retention_id, undefined, 'nothing is half done');
  });

  test('is nobody’s but its project’s: others are told that there is none', async () => {
    const id = await create('rules', [aRule('always')]);
    const none = await ask('GET', '/retentions/4711', rival);
    const hidden = await ask('GET', `/retentions/${id}`, rival);
    assert.deepEqual([none.status, hidden.status], [404, 404]);
    assert.equal(hidden.text.replace(String(id), '4711'), none.text);
    for (const [method, path, body] of [
      ['PUT', '', aPolicy('rules', [])],
      ['DELETE', '', undefined],
      ['POST', '/executions', { dry_run: true }],
      ['GET', '/executions', undefined],
      ['PATCH', '/executions/1', { action: 'stop' }],
      ['GET', '/executions/1/tasks', undefined],
      ['GET', '/executions/1/tasks/1', undefined],
    ] as const) {
      assert.equal((await ask(method, `/retentions/${id}${path}`, rival, body)).status, 404, `${method} ${path}`);
    }
    assert.equal((await ask('POST', '/retentions', rival, aPolicy('team', []))).status, 404);
    assert.equal(
      (await ask('PUT', `/retentions/${id}`, owner, aPolicy('team', []))).status,
      400,
      'it stays in its project',
    );
    assert.equal((await ask('DELETE', `/retentions/${id}`, registry.basic('guest'))).status, 403);
    assert.equal((await ask('DELETE', `/retentions/${id}`)).status, 200);
  });
});

describe('a run', async () => {
  const receiver = await startReceiver((_request, response) => void response.end());
  after(() => receiver[Symbol.asyncDispose]());
  const images = [];
  for (const [at, tag] of ['v1', 'v2', 'v3'].entries()) {
    const image = await registry.pushImage('team/app', tag);
    await age('team/app', image.digest, 30 - 10 * at);
    images.push(image);
  }
  const [oldest, middle, newest] = images.map(({ digest }) => digest);
  await registry.pushImage('team/free/one', 'v1');
  // Attached to the oldest: it goes with it.
  await registry.pushImage('team/app', 'sbom', {
    fields: {
      subject: {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: oldest,
        size: images[0]?.manifest.length,
      },
    },
  });
  const policyId = await create('team', [
    aRule(
      'latestPushedK',
      { latestPushedK: 2 },
      { scope_selectors: { repository: [{ kind: 'doublestar', decoration: 'repoMatches', pattern: 'app' }] } },
    ),
  ]);

  test('that is dry tells of each artifact what becomes of it and why, and deletes nothing', async () => {
    const { execution, tasks } = await run(policyId, true);
    assert.deepEqual([execution.status, execution.dry_run, execution.trigger], ['Succeed', true, 'Manual']);
    assert.deepEqual(
      tasks.map(({ repository, total, retained, status }) => [repository, total, retained, status]),
      [['team/app', 3, 2, 'Success']],
    );
    const log = await ask('GET', `/retentions/${policyId}/executions/${execution.id}/tasks/${tasks[0]?.id}`);
    assert.match(
      log.text,
      new RegExp(
        `would delete ${oldest} \\(v1\\): no rule keeps it \\(rule 1: not among the 2 latest pushed\\); frees \\d`,
      ),
    );
    assert.match(log.text, new RegExp(`keep ${newest} \\(v3\\): rule 1 \\(latestPushedK 2\\)`));
    assert.deepEqual((await tagsOf('team/app')).toSorted(), ['sbom', 'v1', 'v2', 'v3']);
  });

  test('that is simulated answers the same, with the bytes that would be free', async () => {
    const path = '/projects/team/retention/simulate';
    const { status, json, text } = await askOurs<Simulation>('POST', path);
    assert.equal(status, 200, text);
    const { total, retained, deleted, untouched, truncated } = json;
    assert.deepEqual(
      { total, retained, deleted, untouched, truncated },
      { total: 3, retained: 2, deleted: 1, untouched: ['team/free/one'], truncated: false },
    );
    const [first] = json.artifacts;
    assert.deepEqual([first?.digest, first?.verdict, first?.tags, first?.rule], [oldest, 'delete', ['v1'], null]);
    const [sizes] = await registry.query(`select sum(size) as size from blob where id in (
      select blob_id from manifest_blob join manifest on manifest.id = manifest_blob.manifest_id
      where manifest.digest = '${oldest}' or manifest.accessory_of = '${oldest}')`);
    const [own] = await registry.query(
      `select sum(size) as size from manifest where digest = '${oldest}' or accessory_of = '${oldest}'`,
    );
    assert.equal(json.bytes_freed, Number(sizes?.['size']) + Number(own?.['size']));
    assert.equal(first?.bytes_freed, json.bytes_freed);
    // Other rules than its own.
    const other = await askOurs<Simulation>('POST', `${path}?limit=1&repository=free/one`, owner, {
      rules: [aRule('nDaysSinceLastPush', { nDaysSinceLastPush: 15 })],
    });
    assert.deepEqual([other.json.total, other.json.deleted], [1, 0]);
    assert.equal((await askOurs('POST', path, owner, { rules: [aRule('latestPushedK')] })).status, 400);
    assert.equal((await askOurs('POST', '/projects/kept/retention/simulate')).status, 404);
    assert.equal((await askOurs('POST', path, rival)).status, 404);
  });

  test('deletes what no rule keeps, with what is attached, tells webhooks, and leaves other repositories alone', async () => {
    const hook = {
      name: 'tell',
      enabled: true,
      event_types: ['TAG_RETENTION'],
      targets: [{ type: 'http', address: `${receiver.url}/retention` }],
    };
    assert.equal((await ask('POST', '/projects/team/webhook/policies', owner, hook)).status, 201);
    const { execution, tasks } = await run(policyId);
    assert.equal(execution.status, 'Succeed');
    assert.deepEqual(
      tasks.map(({ total, retained }) => [total, retained]),
      [[3, 2]],
    );
    assert.deepEqual((await tagsOf('team/app')).toSorted(), ['v2', 'v3']);
    assert.deepEqual(await tagsOf('team/free/one'), ['v1']);
    const [row] = await registry.query(
      `select actor, action from audit where digest = '${oldest}' and action = 'delete-artifact'`,
    );
    assert.equal(row?.['actor'], 'entrepot:retention');
    const kept = await registry.query(`select digest from deleted_artifact where digest = '${oldest}'`);
    assert.equal(kept.length, 1, 'it can be had back');
    const told = await eventually(async () => receiver.received.find(({ url }) => url === '/retention'), 20_000);
    const { type, event_data: data } = JSON.parse(told.body) as {
      type: string;
      event_data: { retention: { total: number; retained: number; deleted_artifact: { name_tag: string }[] } };
    };
    assert.equal(type, 'TAG_RETENTION');
    assert.deepEqual(
      [data.retention.total, data.retention.retained, data.retention.deleted_artifact[0]?.name_tag],
      [3, 2, 'team/app:v1'],
    );
    const again = await run(policyId);
    assert.deepEqual(
      again.tasks.map(({ total, retained }) => [total, retained]),
      [[2, 2]],
    );
  });

  test('without a rule that is on deletes nothing', async () => {
    assert.equal(
      (
        await ask(
          'PUT',
          `/retentions/${policyId}`,
          owner,
          aPolicy('team', [aRule('latestPushedK', { latestPushedK: 1 }, { disabled: true })]),
        )
      ).status,
      200,
    );
    const { execution, tasks } = await run(policyId);
    assert.deepEqual([execution.status, tasks.length], ['Succeed', 0]);
    assert.ok(middle !== undefined);
    assert.deepEqual((await tagsOf('team/app')).toSorted(), ['v2', 'v3']);
  });
});

test('what is immutable, pinned or runs in a cluster is kept', async () => {
  for (const repository of ['kept/app', 'kept/pinned']) {
    for (const tag of ['v1', 'v2', 'v3']) await registry.pushImage(repository, tag);
  }
  const immutable = {
    ...aRule('immutable_template'),
    action: 'immutable',
    tag_selectors: [tags('v1')],
    scope_selectors: null,
  };
  assert.equal(
    (await ask('POST', '/projects/kept/immutabletagrules', owner, { ...immutable, params: {} })).status,
    201,
  );
  await registry.query("update repository set pinned = 1 where name = 'kept/pinned'");
  const running = await askOurs<{ taken: number; ignored: number }>('PUT', '/projects/kept/running/production', owner, {
    images: ['hub.example.com/kept/app:v2', 'hub.example.com/other/app:v1'],
  });
  assert.deepEqual(running.json, { taken: 1, ignored: 1 });
  const rules = [
    aRule('runningInCluster', { runningInCluster: 2 }),
    aRule('always', {}, { tag_selectors: [tags('none')] }),
  ];
  const policyId = await create('kept', rules);
  const { tasks } = await run(policyId);
  assert.deepEqual(
    tasks.map(({ repository, total, retained }) => [repository, total, retained]),
    [['kept/app', 3, 2]],
  );
  assert.deepEqual((await tagsOf('kept/app')).toSorted(), ['v1', 'v2']);
  assert.deepEqual((await tagsOf('kept/pinned')).toSorted(), ['v1', 'v2', 'v3']);
  const listed = await askOurs<{ cluster: string; images: number }[]>('GET', '/projects/kept/running');
  assert.deepEqual(
    listed.json.map(({ cluster, images }) => [cluster, images]),
    [['production', 1]],
  );
  assert.equal((await askOurs('PUT', '/projects/kept/running/production', rival, { images: [] })).status, 404);
  assert.equal((await askOurs('DELETE', '/projects/kept/running/production')).status, 200);
  assert.equal((await askOurs('DELETE', '/projects/kept/running/production')).status, 404);
});

test('a schedule starts runs by itself', async () => {
  await registry.pushImage('runs/app', 'v1');
  const policyId = await create('runs', [aRule('always')], '* * * * * *');
  const execution = await eventually(async () => {
    const { json } = await ask<Execution[]>('GET', `/retentions/${policyId}/executions`);
    return json.find(({ status }) => status === 'Succeed');
  }, 20_000);
  assert.deepEqual([execution.trigger, execution.dry_run], ['Schedule', false]);
  const { json } = await ask<Task[]>('GET', `/retentions/${policyId}/executions/${execution.id}/tasks`);
  assert.deepEqual(
    json.map(({ repository, total, retained }) => [repository, total, retained]),
    [['runs/app', 1, 1]],
  );
  await ask('DELETE', `/retentions/${policyId}`);
});

test('layers that others in the project hold are not freed', async () => {
  const [config, layer] = [JSON.stringify({ shared: 1 }), 'shared layer of some size'];
  const own = JSON.stringify({ own: 1 });
  for (const blob of [config, own, layer]) await registry.pushBlob('rules/app', blob);
  const [gone, stays] = [imageManifest(own, [layer]), imageManifest(config, [layer])];
  await registry.putManifest('rules/app', 'gone', gone);
  await registry.putManifest('rules/app', 'stays', stays);
  const rules = [aRule('always', {}, { tag_selectors: [tags('stays')] })];
  const { json } = await askOurs<Simulation>('POST', '/projects/rules/retention/simulate', owner, { rules });
  assert.deepEqual([json.deleted, json.bytes_freed], [1, own.length + gone.length]);
  const all = [aRule('always', {}, { tag_selectors: [tags('none')] })];
  const both = await askOurs<Simulation>('POST', '/projects/rules/retention/simulate', owner, { rules: all });
  assert.equal(both.json.bytes_freed, own.length + gone.length + config.length + layer.length + stays.length);
});
