import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { aHandler, enqueue, type MakeJobPlace, startJobScenario, statusOf, until } from './job-scenario.ts';

export function describeLosses(makePlace: MakeJobPlace): void {
  test('two processes do each of many tasks once', async () => {
    await using scenario = await startJobScenario(makePlace);
    const processes = [await scenario.openProcess(), await scenario.openProcess()];
    const done: unknown[][] = [[], []];
    const { executionId } = await enqueue(
      processes[0] as never,
      'A',
      Array.from({ length: 60 }, (_, at) => at),
    );
    for (const [at, process] of processes.entries()) {
      const work = async ({ payload }: { payload: unknown }) => {
        await sleep(20);
        done[at]?.push(payload);
      };
      process.work([aHandler('A', work, { concurrency: 5 })]);
    }
    await until(async () => (await statusOf(processes[1] as never, 'A', executionId)) === 'Success');
    assert.deepEqual(
      done.flat().toSorted((a, b) => Number(a) - Number(b)),
      Array.from({ length: 60 }, (_, at) => at),
    );
    for (const [at, { errors }] of processes.entries()) {
      assert.deepEqual(errors, []);
      assert.ok((done[at]?.length ?? 0) > 0, 'both had a share');
    }
  });

  test('what a process does not renew goes on in another, and the first has no say any more', async () => {
    await using scenario = await startJobScenario(makePlace);
    const [first, second] = [await scenario.openProcess(), await scenario.openProcess()];
    const stuck = Promise.withResolvers<void>();
    const cut: unknown[] = [];
    first.work([
      aHandler(
        'A',
        async (task) => {
          task.signal.addEventListener('abort', () => cut.push(task.signal.reason));
          task.note({ by: 'first' });
          await stuck.promise;
          throw new Error('too late');
        },
        { maxRuns: 2 },
      ),
    ]);
    const { executionId, taskIds } = await enqueue(first, 'A', [1]);
    await until(async () => (await first.jobs.findTask(taskIds[0] ?? 0))?.status === 'Running');
    // The clock of the lease runs out before the next beat, as it does for a process that hangs.
    scenario.advance(120_000);
    const runs: number[] = [];
    second.work([
      aHandler(
        'A',
        async (task) => {
          runs.push(task.runCount);
          task.note({ by: 'second' });
        },
        { maxRuns: 2 },
      ),
    ]);
    await until(async () => (await statusOf(second, 'A', executionId)) === 'Success');
    stuck.resolve();
    await sleep(100);
    assert.deepEqual(runs, [2]);
    const task = await second.jobs.findTask(taskIds[0] ?? 0);
    assert.deepEqual([task?.status, task?.extraAttrs], ['Success', { by: 'second' }]);
  });

  test('a process that comes back to a lease it lost is told so', async () => {
    await using scenario = await startJobScenario(makePlace);
    const [first, second] = [await scenario.openProcess(), await scenario.openProcess()];
    const reasons: unknown[] = [];
    let firstRun = true;
    const work = async (task: { signal: AbortSignal }) => {
      if (!firstRun) return;
      firstRun = false;
      await new Promise<void>((resolve) => {
        task.signal.addEventListener('abort', () => {
          reasons.push(task.signal.reason);
          resolve();
        });
      });
    };
    // Beats come every 500 ms, and the clock jumps over the lease in between.
    first.work([aHandler('A', work, { maxRuns: 3 })], 1500);
    const { executionId, taskIds } = await enqueue(first, 'A', [1]);
    await until(async () => (await first.jobs.findTask(taskIds[0] ?? 0))?.status === 'Running');
    scenario.advance(10_000);
    second.work([aHandler('A', work, { maxRuns: 3 })]);
    await until(async () => (await statusOf(second, 'A', executionId)) === 'Success');
    await until(() => reasons.length === 1);
    assert.deepEqual(reasons, ['lost']);
  });

  test('a task whose workers are lost again and again is given up', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    process.work([aHandler('A', () => new Promise(() => undefined), { maxRuns: 1 })]);
    const { executionId, taskIds } = await enqueue(process, 'A', [1]);
    await until(async () => (await process.jobs.findTask(taskIds[0] ?? 0))?.status === 'Running');
    scenario.advance(120_000);
    const other = await scenario.openProcess();
    other.work([aHandler('A', async () => assert.fail('it was begun again'))]);
    await until(async () => (await statusOf(other, 'A', executionId)) === 'Error');
    assert.match((await other.jobs.findTask(taskIds[0] ?? 0))?.statusMessage ?? '', /worker was lost/);
  });

  test('a shutdown gives unfinished work back, and it counts for nothing', async () => {
    await using scenario = await startJobScenario(makePlace);
    const [first, second] = [await scenario.openProcess(), await scenario.openProcess()];
    const leave = async ({ signal }: { signal: AbortSignal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      signal.throwIfAborted();
    };
    const worker = first.work([aHandler('A', leave)]);
    const { executionId, taskIds } = await enqueue(first, 'A', [1]);
    await until(async () => (await first.jobs.findTask(taskIds[0] ?? 0))?.status === 'Running');
    await worker[Symbol.asyncDispose]();
    const task = await first.jobs.findTask(taskIds[0] ?? 0);
    assert.deepEqual([task?.status, task?.runCount], ['Pending', 0]);
    second.work([aHandler('A', async () => undefined)]);
    await until(async () => (await statusOf(second, 'A', executionId)) === 'Success');
  });

  test('a handler that does not stop holds no shutdown for long', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    const worker = process.work([aHandler('A', () => new Promise(() => undefined))]);
    const { taskIds } = await enqueue(process, 'A', [1]);
    await until(async () => (await process.jobs.findTask(taskIds[0] ?? 0))?.status === 'Running');
    const started = performance.now();
    await worker[Symbol.asyncDispose]();
    assert.ok(performance.now() - started < 15_000);
  });
}
