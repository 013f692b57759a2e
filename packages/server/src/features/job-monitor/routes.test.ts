import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { startReceiver } from '#testing/receiver';
import { eventually } from '#testing/test-clock';
import { useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry({ env: { ENTREPOT_OUTBOUND_ALLOW: '127.0.0.1' } });
await registry.addProject('team');
await registry.addUser('owner', { team: 1 });
const owner = registry.basic('owner');
const open = Promise.withResolvers<void>();
const receiver = await startReceiver((_request, response) => void open.promise.then(() => response.end()));
after(() => receiver[Symbol.asyncDispose]());

function ask(method: string, path: string, body?: unknown, as = registry.admin): Promise<Response> {
  return registry.fetch(`/api/v2.0${path}`, {
    method,
    as,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
}

async function read<T>(path: string): Promise<T> {
  const response = await ask('GET', path);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as T;
}

interface Queue {
  readonly job_type: string;
  readonly count: number;
  readonly paused: boolean;
}

const queueOf = async (type: string) =>
  (await read<Queue[]>('/jobservice/queues')).find((each) => each.job_type === type);
const act = (type: string, action: string) => ask('PUT', `/jobservice/queues/${type}`, { action });

const policy = {
  name: 'slow',
  enabled: true,
  event_types: ['PUSH_ARTIFACT'],
  targets: [{ type: 'http', address: `${receiver.url}/` }],
};
assert.equal((await ask('POST', '/projects/team/webhook/policies', policy)).status, 201);

test('pools of workers are shown, with what they work on, and what they work on can be stopped', async () => {
  const pools = await eventually(async () => {
    const found = await read<{ worker_pool_id: string; pid: number; concurrency: number }[]>('/jobservice/pools');
    return found.length > 0 ? found : undefined;
  });
  assert.equal(pools.length, 1);
  const [pool] = pools;
  assert.equal(pool?.pid, process.pid);
  await registry.pushImage('team/app', 'v1');
  const worker = await eventually(async () => {
    const [found] = await read<{ job_id: string; job_name: string }[]>(
      `/jobservice/pools/${pool?.worker_pool_id}/workers`,
    );
    return found;
  });
  assert.equal(worker.job_name, 'WEBHOOK');
  assert.equal((await read<unknown[]>('/jobservice/pools/all/workers')).length, 1);
  await assertAnswer(await ask('GET', '/jobservice/pools/nowhere/workers'), 404, 'NOT_FOUND');
  await assertAnswer(await ask('PUT', `/jobservice/jobs/${worker.job_id}`), 200);
  await eventually(async () =>
    (await read<unknown[]>('/jobservice/pools/all/workers')).length === 0 ? true : undefined,
  );
  const [task] = await registry.query(`select status from task where id = ${Number(worker.job_id)}`);
  assert.equal(task?.['status'], 'Stopped');
  const log = await ask('GET', `/jobservice/jobs/${worker.job_id}/log`);
  assert.match(log.headers.get('content-type') ?? '', /^text\/plain/);
  assert.match(await log.text(), /POST http/);
  for (const id of ['999999', 'nothing', '0', '1%20or%201']) {
    await assertAnswer(await ask('PUT', `/jobservice/jobs/${id}`), 404, 'NOT_FOUND');
    await assertAnswer(await ask('GET', `/jobservice/jobs/${id}/log`), 404, 'NOT_FOUND');
  }
});

test('queues are paused, resumed and emptied', async () => {
  assert.deepEqual(await queueOf('WEBHOOK'), { job_type: 'WEBHOOK', count: 0, latency: 0, paused: false });
  await assertAnswer(await act('WEBHOOK', 'pause'), 200);
  await registry.pushImage('team/app', 'v2');
  const waiting = await eventually(async () => {
    const queue = await queueOf('WEBHOOK');
    return queue?.count === 1 ? queue : undefined;
  });
  assert.equal(waiting.paused, true);
  await assertAnswer(await act('WEBHOOK', 'stop'), 200);
  assert.equal((await queueOf('WEBHOOK'))?.count, 0);
  await assertAnswer(await act('WEBHOOK', 'resume'), 200);
  assert.equal((await queueOf('WEBHOOK'))?.paused, false);
  await assertAnswer(await act('all', 'pause'), 200);
  assert.ok((await read<Queue[]>('/jobservice/queues')).every(({ paused }) => paused));
  assert.deepEqual(await read('/schedules/all/paused'), { paused: true });
  await assertAnswer(await act('all', 'resume'), 200);
  assert.deepEqual(await read('/schedules/all/paused'), { paused: false });
  await assertAnswer(await act('NOTHING', 'pause'), 404, 'NOT_FOUND');
  await assertAnswer(await act('WEBHOOK', 'explode'), 400, 'BAD_REQUEST');
  const rows = await registry.query(
    "select count(*) as count from audit where action = 'stop-job' and outcome = 'success'",
  );
  assert.equal(Number(rows[0]?.['count']), 6);
  open.resolve();
});

test('schedules are listed, and whether they are paused is everybody’s to know', async () => {
  const list = await ask('GET', '/schedules?page=1&page_size=5');
  assert.equal(list.status, 200);
  assert.equal(list.headers.get('x-total-count'), '0');
  const paused = await ask('GET', '/schedules/all/paused', undefined, owner);
  assert.equal(paused.status, 200);
  await assertAnswer(await ask('GET', '/schedules/GARBAGE_COLLECTION/paused'), 400, 'BAD_REQUEST');
});

test('jobs of all kinds are listed with their progress', async () => {
  const list = async (query: string) => {
    const answer = await registry.fetch(`/api/entrepot/v1/jobs?${query}`, { as: registry.admin });
    assert.equal(answer.status, 200, await answer.clone().text());
    return {
      jobs: (await answer.json()) as { id: number; type: string; status: string; run_count: number }[],
      total: Number(answer.headers.get('x-total-count')),
    };
  };
  const { jobs, total } = await list('q=type%3DWEBHOOK&page_size=1');
  assert.equal(jobs.length, 1);
  assert.ok(total >= 2);
  assert.equal(jobs[0]?.type, 'WEBHOOK');
  assert.equal((await list('q=status%3DRunning')).total, 0);
  const [oldest] = (await list('sort=id')).jobs;
  assert.ok((oldest?.id ?? 0) < (jobs[0]?.id ?? 0));
  const refused = await registry.fetch('/api/entrepot/v1/jobs?sort=payload', { as: registry.admin });
  assert.equal(refused.status, 400);
});

test('a schedule counts its times in a zone, and keeps it when its times change', async () => {
  const purge = (cron: string) =>
    ask('PUT', '/system/purgeaudit/schedule', {
      schedule: { type: 'Custom', cron },
      parameters: { audit_retention_hour: 720 },
    });
  assert.equal((await purge('0 0 3 * * *')).status, 200);
  const schedules = async () => {
    const answer = await registry.fetch('/api/entrepot/v1/schedules', { as: registry.admin });
    return (await answer.json()) as { id: number; cron: string; time_zone: string; next_time: string }[];
  };
  const [made] = await schedules();
  assert.deepEqual([made?.cron, made?.time_zone, made?.next_time.slice(10)], ['0 0 3 * * *', 'UTC', 'T03:00:00.000Z']);
  const change = (id: number | undefined, time_zone: unknown) =>
    registry.fetch(`/api/entrepot/v1/schedules/${id}`, {
      method: 'PUT',
      as: registry.admin,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ time_zone }),
    });
  const changed = await change(made?.id, 'Asia/Kolkata');
  assert.equal(changed.status, 200, await changed.clone().text());
  const { next_time: next } = (await changed.json()) as { next_time: string };
  assert.equal(next.slice(10), 'T21:30:00.000Z');
  assert.equal((await purge('0 15 4 * * *')).status, 200);
  const [kept] = await schedules();
  assert.deepEqual([kept?.time_zone, kept?.next_time.slice(10)], ['Asia/Kolkata', 'T22:45:00.000Z']);
  assert.match(await (await change(made?.id, 'Middle/Earth')).text(), /Middle\/Earth/);
  assert.equal((await change(made?.id, 'Middle/Earth')).status, 400);
  assert.equal((await change(999_999, 'UTC')).status, 404);
  const rows = await registry.query(
    "select detail from audit where action = 'update-schedule' and outcome = 'success'",
  );
  assert.deepEqual(JSON.parse(String(rows[0]?.['detail'])), {
    before: { time_zone: 'UTC' },
    after: { time_zone: 'Asia/Kolkata' },
  });
});

test('jobs are for those who keep the registry running', async () => {
  for (const [method, path] of [
    ['GET', '/jobservice/pools'],
    ['GET', '/jobservice/pools/all/workers'],
    ['GET', '/jobservice/queues'],
    ['PUT', '/jobservice/queues/all'],
    ['PUT', '/jobservice/jobs/1'],
    ['GET', '/jobservice/jobs/1/log'],
    ['GET', '/schedules'],
  ] as const) {
    const answer = await ask(method, path, method === 'PUT' ? { action: 'stop' } : undefined, owner);
    await assertAnswer(answer, 403, 'FORBIDDEN');
  }
  for (const path of ['jobs', 'schedules']) {
    assert.equal((await registry.fetch(`/api/entrepot/v1/${path}`, { as: owner })).status, 403);
  }
});
