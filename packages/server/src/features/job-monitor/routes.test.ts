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
  const rows = await registry.query("select count(*) as count from audit where action = 'stop-job'");
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
});
