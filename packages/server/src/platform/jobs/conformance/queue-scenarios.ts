import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { aHandler, enqueue, type MakeJobPlace, startJobScenario, statusOf, until } from './job-scenario.ts';

const never = (signal: AbortSignal) =>
  new Promise<void>((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
  );

export function describeQueues(makePlace: MakeJobPlace): void {
  test('the most urgent goes first, and among equals the oldest', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    const { db, jobs } = process;
    const done: unknown[] = [];
    const tasks = [
      { payload: 'late', priority: 0 },
      { payload: 'urgent', priority: 9 },
      { payload: 'later', priority: 0 },
      { payload: 'last', priority: -1 },
    ];
    const { executionId } = await db.transact((tx) =>
      jobs.enqueue(tx, { vendorType: 'A', vendorId: 1, trigger: 'MANUAL', tasks }),
    );
    process.work([aHandler('A', async ({ payload }) => void done.push(payload))]);
    await until(async () => (await statusOf(process, 'A', executionId)) === 'Success');
    assert.deepEqual(done, ['urgent', 'late', 'later', 'last']);
  });

  test('of one type no more are at work than its handler says, and other types do not wait for them', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    let [now, most] = [0, 0];
    const slow = aHandler(
      'SLOW',
      async () => {
        now += 1;
        most = Math.max(most, now);
        await sleep(30);
        now -= 1;
      },
      { concurrency: 3 },
    );
    process.work([slow, aHandler('QUICK', async () => undefined)]);
    const { executionId } = await enqueue(
      process,
      'SLOW',
      Array.from({ length: 12 }, (_, at) => at),
    );
    const quick = await enqueue(process, 'QUICK', [1]);
    await until(async () => (await statusOf(process, 'QUICK', quick.executionId)) === 'Success');
    assert.equal(await statusOf(process, 'SLOW', executionId), 'Running');
    await until(async () => (await statusOf(process, 'SLOW', executionId)) === 'Success');
    assert.equal(most, 3);
  });

  test('a paused queue begins nothing until it is resumed', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    const done: unknown[] = [];
    const handle = async ({ payload }: { payload: unknown }) => void done.push(payload);
    await process.jobs.pauseQueue('A');
    process.work([aHandler('A', handle), aHandler('B', handle)]);
    const { executionId } = await enqueue(process, 'A', ['a']);
    const other = await enqueue(process, 'B', ['b']);
    await until(async () => (await statusOf(process, 'B', other.executionId)) === 'Success');
    scenario.advance(5000);
    const [queue] = await process.jobs.listQueues(scenario.now());
    assert.deepEqual([queue?.type, queue?.waiting, queue?.paused], ['A', 1, true]);
    assert.ok((queue?.latencyMs ?? 0) >= 5000);
    await process.jobs.resumeQueue('A');
    await until(async () => (await statusOf(process, 'A', executionId)) === 'Success');
    assert.deepEqual(done, ['b', 'a']);
    assert.deepEqual(await process.jobs.listQueues(scenario.now()), []);
  });

  test('a queue that is stopped holds nothing that waits any more', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    const [one, two] = [await enqueue(process, 'A', [1, 2]), await enqueue(process, 'A', [3])];
    const other = await enqueue(process, 'B', [1]);
    assert.equal(await process.jobs.stopQueue('A'), 3);
    for (const { executionId } of [one, two]) assert.equal(await statusOf(process, 'A', executionId), 'Stopped');
    assert.equal(await statusOf(process, 'B', other.executionId), 'Pending');
  });

  test('an execution that is stopped tells what is under way, and begins nothing more', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    const begun: unknown[] = [];
    const wait = async ({ payload, signal }: { payload: unknown; signal: AbortSignal }) => {
      begun.push(payload);
      await never(signal);
    };
    process.work([aHandler('A', wait, { maxRuns: 5 })]);
    const { executionId } = await enqueue(process, 'A', [1, 2, 3]);
    await until(() => begun.length === 1);
    assert.equal(await process.jobs.stopExecution(executionId), true);
    await until(async () => (await statusOf(process, 'A', executionId)) === 'Stopped');
    assert.deepEqual(begun, [1]);
    assert.equal(await process.jobs.stopExecution(executionId), false);
    assert.deepEqual(process.errors, []);
  });

  test('one process stops what another is working on', async () => {
    await using scenario = await startJobScenario(makePlace);
    const [worker, other] = [await scenario.openProcess(), await scenario.openProcess()];
    let begun = false;
    const wait = async ({ signal }: { signal: AbortSignal }) => {
      begun = true;
      await never(signal);
    };
    worker.work([aHandler('A', wait)], 300);
    const { executionId, taskIds } = await enqueue(worker, 'A', [1]);
    await until(() => begun);
    assert.equal(await other.jobs.stopTask(taskIds[0] ?? 0), true);
    await until(async () => (await statusOf(other, 'A', executionId)) === 'Stopped');
  });

  test('a schedule begins when it is due, once for all the times that were missed', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    const { db, jobs } = process;
    const done: unknown[] = [];
    const schedule = { vendorType: 'A', vendorId: 5, cronType: 'Hourly', cron: '0 0 * * * *', payload: { a: 1 } };
    await db.transact((tx) => jobs.schedule(tx, schedule));
    process.work([aHandler('A', async ({ payload, vendorId }) => void done.push([payload, vendorId]))]);
    scenario.advance(5 * 3_600_000);
    await until(() => done.length > 0);
    await sleep(150);
    assert.deepEqual(done, [[{ a: 1 }, 5]]);
    const { entries } = await jobs.listExecutions(
      { vendorTypes: ['A'] },
      { conditions: [], sort: [], page: 1, pageSize: 9 },
    );
    assert.deepEqual(
      entries.map(({ trigger }) => trigger),
      ['SCHEDULE'],
    );
    scenario.advance(3_600_000);
    await until(() => done.length === 2);
    assert.equal(await db.transact((tx) => jobs.unschedule(tx, 'A', 5)), true);
    assert.equal(await jobs.schedules.find('A', 5), undefined);
  });

  test('schedules that are paused wait, and setting one again changes the one there is', async () => {
    await using scenario = await startJobScenario(makePlace);
    const { db, jobs, work } = await scenario.openProcess();
    let done = 0;
    const schedule = { vendorType: 'A', vendorId: 5, cronType: 'Custom', payload: null, timeZone: 'Asia/Shanghai' };
    await db.transact((tx) => jobs.schedule(tx, { ...schedule, cron: '0 0 0 1 1 *' }));
    await db.transact((tx) => jobs.schedule(tx, { ...schedule, cron: '0 0 * * * *' }));
    assert.equal((await jobs.schedules.list({ offset: 0, limit: 10 })).total, 1);
    await jobs.pauseQueue('SCHEDULER');
    work([aHandler('A', async () => void (done += 1))]);
    scenario.advance(2 * 3_600_000);
    await sleep(200);
    assert.equal(done, 0);
    await jobs.resumeQueue('SCHEDULER');
    await until(() => done === 1);
    await assert.rejects(
      db.transact((tx) => jobs.schedule(tx, { ...schedule, cron: 'every day' })),
      /six fields/,
    );
    await assert.rejects(
      db.transact((tx) => jobs.schedule(tx, { ...schedule, cron: '0 0 0 31 2 *' })),
      /never due/,
    );
  });

  test('who works is shown, and with what', async () => {
    await using scenario = await startJobScenario(makePlace);
    const { db, jobs, work } = await scenario.openProcess();
    const open = Promise.withResolvers<void>();
    const worker = work([aHandler('A', () => open.promise, { concurrency: 4 })]);
    const { taskIds } = await enqueue({ db, jobs }, 'A', [1]);
    await until(async () => (await jobs.listRunning()).length === 1);
    const [running] = await jobs.listRunning();
    assert.deepEqual([running?.id, running?.workerId], [taskIds[0], worker.id]);
    await until(async () => (await jobs.listWorkers(scenario.now() - 1000)).length === 1);
    const [pool] = await jobs.listWorkers(scenario.now() - 1000);
    assert.deepEqual([pool?.id, pool?.concurrency, pool?.pid], [worker.id, 4, process.pid]);
    open.resolve();
    await worker[Symbol.asyncDispose]();
    assert.deepEqual(await jobs.listWorkers(0), []);
  });
}
