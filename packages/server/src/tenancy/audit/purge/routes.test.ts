import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { eventually } from '#testing/test-clock';
import { useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry();
await registry.addProject('team');
await registry.addUser('owner', { team: 1 });
const path = '/api/v2.0/system/purgeaudit';

const ask = (method: string, at: string, body?: unknown, as = registry.admin) =>
  registry.fetch(`${path}${at}`, {
    method,
    as,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });

interface Run {
  readonly id: number;
  readonly job_name: string;
  readonly job_kind: string;
  readonly job_parameters: string;
  readonly job_status: string;
}

async function read<T>(at: string): Promise<T> {
  const response = await ask('GET', at);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as T;
}

async function runNow(parameters: object): Promise<Run> {
  const response = await ask('POST', '/schedule', { schedule: { type: 'Manual' }, parameters });
  assert.equal(response.status, 201, await response.clone().text());
  const id = response.headers.get('location')?.split('/').at(-1);
  return eventually(async () => {
    const run = await read<Run>(`/${id}`);
    return ['Success', 'Error', 'Stopped'].includes(run.job_status) ? run : undefined;
  });
}

const countRows = async () => Number((await registry.query('select count(*) as found from audit'))[0]?.['found']);

test('old rows of the audit are purged by hand, and the run tells how many', async () => {
  for (let at = 0; at < 3; at += 1) await registry.pushImage('team/app', `v${at}`);
  const before = await countRows();
  assert.ok(before > 3);
  const dry = await runNow({ audit_retention_hour: 0, dry_run: true });
  assert.equal(dry.job_status, 'Success');
  assert.ok((await countRows()) >= before, 'a dry run deletes nothing');
  assert.match(await (await ask('GET', `/${dry.id}/log`)).text(), /Would delete \d+ rows/);
  const kept = await runNow({ audit_retention_hour: 24 });
  assert.match(await (await ask('GET', `/${kept.id}/log`)).text(), /There is nothing to purge/);
  const some = await runNow({ audit_retention_hour: 0, include_event_types: 'create_artifact' });
  assert.equal((JSON.parse(some.job_parameters) as { purged_rows: number }).purged_rows, 3);
  const left = await registry.query("select count(*) as found from audit where action = 'push-artifact'");
  assert.equal(Number(left[0]?.['found']), 0);
  const all = await runNow({ audit_retention_hour: 0, include_event_types: '' });
  assert.deepEqual([all.job_name, all.job_kind, all.job_status], ['PURGE_AUDIT_LOG', 'MANUAL', 'Success']);
  const verified = await registry.fetch('/api/entrepot/v1/audit/verify', { as: registry.admin });
  const verdict = (await verified.json()) as { verified: boolean; purgedRows: number; purges: { removed: number }[] };
  assert.equal(verdict.verified, true);
  assert.equal(verdict.purges.length, 2);
  assert.ok(verdict.purgedRows >= before);
  const history = await ask('GET', '?page_size=2');
  assert.equal(history.headers.get('x-total-count'), '4');
  assert.equal(((await history.json()) as Run[])[0]?.id, all.id);
});

test('a schedule of purges is set, shown, changed and taken away', async () => {
  assert.deepEqual(await read('/schedule'), {});
  const parameters = { audit_retention_hour: 720, include_event_types: 'pull_artifact,create_artifact' };
  const weekly = { schedule: { type: 'Weekly', cron: '0 0 0 * * 0' }, parameters };
  assert.equal((await ask('POST', '/schedule', weekly)).status, 201);
  const shown = await read<{ schedule: object; job_parameters: string }>('/schedule');
  assert.deepEqual(JSON.parse(shown.job_parameters), { ...parameters, dry_run: false });
  const hourly = { schedule: { type: 'Custom', cron: '0 30 * * * *' }, parameters };
  assert.equal((await ask('PUT', '/schedule', hourly)).status, 200);
  const [row] = await registry.query("select cron from job_schedule where vendor_type = 'PURGE_AUDIT_LOG'");
  assert.equal(row?.['cron'], '0 30 * * * *');
  assert.equal((await ask('PUT', '/schedule', { schedule: { type: 'None' } })).status, 200);
  assert.deepEqual(await read('/schedule'), {});
});

test('what cannot be is refused, and names its field', async () => {
  const manual = (parameters?: object) => ask('POST', '/schedule', { schedule: { type: 'Manual' }, parameters });
  for (const [parameters, field] of [
    [undefined, /audit_retention_hour/],
    [{}, /audit_retention_hour/],
    [{ audit_retention_hour: -1 }, /audit_retention_hour/],
    [{ audit_retention_hour: 1, include_event_types: 'create_artifact,make_coffee' }, /make_coffee/],
  ] as const) {
    const response = await manual(parameters);
    assert.equal(response.status, 400);
    assert.match(await response.text(), field);
  }
  const cron = { schedule: { type: 'Custom', cron: '61 * * * * *' }, parameters: { audit_retention_hour: 1 } };
  assert.equal((await ask('POST', '/schedule', cron)).status, 400);
  for (const [method, at] of [
    ['GET', '/999999'],
    ['GET', '/999999/log'],
    ['PUT', '/999999'],
  ] as const) {
    await assertAnswer(await ask(method, at), 404, 'NOT_FOUND');
  }
});

test('purges are for administrators alone', async () => {
  const owner = registry.basic('owner');
  for (const [method, at] of [
    ['GET', ''],
    ['GET', '/1'],
    ['GET', '/1/log'],
    ['PUT', '/1'],
    ['GET', '/schedule'],
    ['POST', '/schedule'],
    ['PUT', '/schedule'],
  ] as const) {
    const body = at === '/schedule' && method !== 'GET' ? { schedule: { type: 'None' } } : undefined;
    await assertAnswer(await ask(method, at, body, owner), 403, 'FORBIDDEN');
  }
});
