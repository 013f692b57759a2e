import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JobFailed } from '#platform/jobs';
import { aHandler, enqueue, type MakeJobPlace, startJobScenario, statusOf, until } from './job-scenario.ts';

const list = { conditions: [], sort: [], page: 1, pageSize: 10 };

export function describeWork(makePlace: MakeJobPlace): void {
  test('work that was enqueued in a transaction is done after its commit', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    const done: unknown[] = [];
    process.work([aHandler('A', async (task) => void done.push([task.payload, task.vendorId, task.runCount]))]);
    const { executionId } = await enqueue(process, 'A', [{ word: 'ü' }], 7);
    await until(async () => (await statusOf(process, 'A', executionId)) === 'Success');
    assert.deepEqual(done, [[{ word: 'ü' }, 7, 1]]);
    const execution = await process.jobs.findExecution({ vendorTypes: ['A'], vendorId: 7 }, executionId);
    assert.equal(execution?.trigger, 'MANUAL');
    assert.ok((execution?.endedAt ?? 0) >= (execution?.createdAt ?? Infinity));
    assert.deepEqual(process.errors, []);
  });

  test('work of a transaction that failed is never done', async () => {
    await using scenario = await startJobScenario(makePlace);
    const { db, jobs, work } = await scenario.openProcess();
    const done: unknown[] = [];
    work([aHandler('A', async ({ payload }) => void done.push(payload))]);
    const enqueued = db.transact(async (tx) => {
      await jobs.enqueue(tx, { vendorType: 'A', vendorId: 1, trigger: 'EVENT', tasks: [{ payload: 'undone' }] });
      throw new Error('changed my mind');
    });
    await assert.rejects(enqueued, /changed my mind/);
    const { executionId } = await enqueue({ db, jobs }, 'A', ['done']);
    await until(async () => (await statusOf({ jobs }, 'A', executionId)) === 'Success');
    assert.deepEqual(done, ['done']);
  });

  test('an execution with nothing to do has succeeded', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    const { executionId } = await enqueue(process, 'A', []);
    assert.equal(await statusOf(process, 'A', executionId), 'Success');
  });

  test('what fails is tried again after a while, as often as allowed', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    const runs: number[] = [];
    const fail = async ({ runCount }: { runCount: number }) => {
      runs.push(runCount);
      throw new Error('a secret reason');
    };
    process.work([aHandler('A', fail, { maxRuns: 3 })]);
    const { executionId, taskIds } = await enqueue(process, 'A', [1]);
    await until(async () => (await statusOf(process, 'A', executionId)) === 'Error');
    assert.deepEqual(runs, [1, 2, 3]);
    const task = await process.jobs.findTask(taskIds[0] ?? 0);
    assert.equal(task?.runCount, 3);
    assert.ok(!task?.statusMessage.includes('secret'), 'what nobody foresaw is for the log of the operator');
    assert.equal(process.errors.length, 3);
    assert.match(await process.jobs.readLog(taskIds[0] ?? 0), /tried again in/);
  });

  test('between two tries a task waits, and nothing hurries it', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    let runs = 0;
    const failOnce = async () => {
      runs += 1;
      if (runs === 1) throw new Error('once');
    };
    const worker = process.work([aHandler('A', failOnce, { maxRuns: 5, backoffMs: () => 60_000 })]);
    const { executionId, taskIds } = await enqueue(process, 'A', [1]);
    await until(async () => (await process.jobs.findTask(taskIds[0] ?? 0))?.status === 'Scheduled');
    worker.wake();
    assert.equal(runs, 1);
    scenario.advance(80_000);
    await until(async () => (await statusOf(process, 'A', executionId)) === 'Success');
    assert.equal(runs, 2);
  });

  test('what cannot succeed is not tried again, and says why', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    const give = async () => {
      throw new JobFailed('The policy is gone.');
    };
    process.work([aHandler('A', give, { maxRuns: 9 })]);
    const { executionId, taskIds } = await enqueue(process, 'A', [1]);
    await until(async () => (await statusOf(process, 'A', executionId)) === 'Error');
    const task = await process.jobs.findTask(taskIds[0] ?? 0);
    assert.equal(task?.runCount, 1);
    assert.equal(task?.statusMessage, 'The policy is gone.');
    assert.deepEqual(process.errors, []);
  });

  test('an execution is what its tasks are', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    const { executionId } = await enqueue(process, 'A', ['good', 'bad', 'good']);
    assert.equal(await statusOf(process, 'A', executionId), 'Pending');
    const open = Promise.withResolvers<void>();
    process.work([
      aHandler('A', async ({ payload }) => {
        if (payload === 'bad') throw new JobFailed('bad');
        await open.promise;
      }),
    ]);
    await until(async () => (await statusOf(process, 'A', executionId)) === 'Running');
    open.resolve();
    await until(async () => (await statusOf(process, 'A', executionId)) === 'Error');
    const counts = await process.jobs.countTasks([executionId]);
    assert.deepEqual(counts.get(executionId), { all: 3, byStatus: { Success: 2, Error: 1 } });
  });

  test('a log keeps its lines, one for each, and ends somewhere', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    process.work([
      aHandler('A', async (task) => {
        task.log('first');
        task.log('second\n2026-01-01T00:00:00.000Z forged\0');
        task.report('1 of 2');
        task.note({ found: 3 });
        for (let count = 0; count < 1000; count += 1) task.log('x'.repeat(1000));
      }),
    ]);
    const { executionId, taskIds } = await enqueue(process, 'A', [1]);
    await until(async () => (await statusOf(process, 'A', executionId)) === 'Success');
    const log = await process.jobs.readLog(taskIds[0] ?? 0);
    const lines = log.split('\n');
    assert.match(lines[0] ?? '', /^\d{4}-\S+Z first$/);
    assert.match(lines[1] ?? '', /Z second 2026-01-01T00:00:00\.000Z forged $/);
    assert.ok(log.length < 140_000);
    assert.match(log, /The log ends here: it became too long\.\n$/);
    const task = await process.jobs.findTask(taskIds[0] ?? 0);
    assert.equal(task?.progress, '1 of 2');
    assert.deepEqual(task?.extraAttrs, { found: 3 });
  });

  test('lists show what is in their scope, newest first, page by page', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    for (const vendorId of [1, 2, 1]) await enqueue(process, 'A', [vendorId], vendorId);
    await enqueue(process, 'B', [1], 1);
    const { entries, total } = await process.jobs.listExecutions(
      { vendorTypes: ['A'], vendorId: 1 },
      { ...list, pageSize: 1 },
    );
    assert.equal(total, 2);
    assert.deepEqual(
      entries.map(({ id }) => id),
      [3],
    );
    const pending = { kind: 'is', field: 'status', value: 'Pending' } as const;
    const all = await process.jobs.listExecutions({ vendorTypes: ['A', 'B'] }, { ...list, conditions: [pending] });
    assert.equal(all.total, 4);
    await assert.rejects(
      process.jobs.listExecutions(
        { vendorTypes: ['A'] },
        { ...list, conditions: [{ ...pending, field: 'extra_attrs' }] },
      ),
      /there is no field/,
    );
    assert.equal(await process.jobs.findExecution({ vendorTypes: ['A'], vendorId: 2 }, 3), undefined);
    assert.equal(await process.jobs.findExecution({ vendorTypes: ['A'], projectId: 9 }, 3), undefined);
    assert.equal((await process.jobs.listTasks(3, list)).total, 1);
  });
}
