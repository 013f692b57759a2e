import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { aHandler, enqueue, type MakeJobPlace, startJobScenario, statusOf, until } from './job-scenario.ts';

/** What three processes that share the work have to stand. */
export function describeTogether(makePlace: MakeJobPlace): void {
  test('three processes do each of many tasks once, and all have a share', async () => {
    await using scenario = await startJobScenario(makePlace);
    const processes = [await scenario.openProcess(), await scenario.openProcess(), await scenario.openProcess()];
    const [first] = processes as [(typeof processes)[0]];
    const done = processes.map(() => [] as unknown[]);
    const payloads = Array.from({ length: 90 }, (_, at) => at);
    const { executionId } = await enqueue(first, 'A', payloads);
    for (const [at, process] of processes.entries()) {
      const work = async ({ payload }: { payload: unknown }) => {
        await sleep(20);
        done[at]?.push(payload);
      };
      process.work([aHandler('A', work, { concurrency: 3 })]);
    }
    await until(async () => (await statusOf(first, 'A', executionId)) === 'Success');
    assert.deepEqual(
      done.flat().toSorted((a, b) => Number(a) - Number(b)),
      payloads,
    );
    for (const [at, { errors }] of processes.entries()) {
      assert.deepEqual(errors, []);
      assert.ok((done[at]?.length ?? 0) > 0, `process ${at} had a share`);
    }
    const counts = (await first.jobs.countTasks([executionId])).get(executionId);
    assert.deepEqual(counts, { all: 90, byStatus: { Success: 90 } });
  });

  test('of one type no more are at work in all processes than its handler says', async () => {
    await using scenario = await startJobScenario(makePlace);
    const processes = [await scenario.openProcess(), await scenario.openProcess(), await scenario.openProcess()];
    let [now, highest] = [0, 0];
    const work = async () => {
      now += 1;
      highest = Math.max(highest, now);
      await sleep(20);
      now -= 1;
    };
    for (const process of processes) process.work([aHandler('A', work, { concurrency: 4, most: 2 })]);
    const [first] = processes as [(typeof processes)[0]];
    const { executionId } = await enqueue(
      first,
      'A',
      Array.from({ length: 24 }, (_, at) => at),
    );
    await until(async () => (await statusOf(first, 'A', executionId)) === 'Success');
    assert.equal(highest, 2);
  });

  test('what a lost process was at leaves room again when its lease is over', async () => {
    await using scenario = await startJobScenario(makePlace);
    const [lost, other] = [await scenario.openProcess(), await scenario.openProcess()];
    lost.work([aHandler('A', () => new Promise(() => undefined), { most: 1, maxRuns: 3 })]);
    const { executionId, taskIds } = await enqueue(lost, 'A', [1]);
    await until(async () => (await lost.jobs.findTask(taskIds[0] ?? 0))?.status === 'Running');
    const runs: number[] = [];
    other.work([aHandler('A', async ({ runCount }) => void runs.push(runCount), { most: 1, maxRuns: 3 })]);
    await sleep(200);
    assert.deepEqual(runs, [], 'as long as it may live, it has the only place');
    scenario.advance(120_000);
    await until(async () => (await statusOf(other, 'A', executionId)) === 'Success');
    assert.deepEqual(runs, [2]);
  });

  test('a process works on no more at once than it may, and no type starves', async () => {
    await using scenario = await startJobScenario(makePlace);
    const process = await scenario.openProcess();
    const done: string[] = [];
    let [now, highest] = [0, 0];
    const slow = (type: string) =>
      aHandler(
        type,
        async () => {
          now += 1;
          highest = Math.max(highest, now);
          await sleep(10);
          now -= 1;
          done.push(type);
        },
        { concurrency: 5 },
      );
    const many = await enqueue(
      process,
      'A',
      Array.from({ length: 30 }, (_, at) => at),
    );
    const few = await enqueue(process, 'B', [1, 2]);
    process.work([slow('A'), slow('B')], { most: 2 });
    await until(async () => (await statusOf(process, 'B', few.executionId)) === 'Success');
    assert.ok(done.length < 25, 'the short queue did not wait for the long one');
    await until(async () => (await statusOf(process, 'A', many.executionId)) === 'Success');
    assert.equal(highest, 2);
  });

  test('a schedule begins once, however many processes look for it', async () => {
    await using scenario = await startJobScenario(makePlace);
    const processes = [await scenario.openProcess(), await scenario.openProcess(), await scenario.openProcess()];
    const [first] = processes as [(typeof processes)[0]];
    const schedule = { vendorType: 'A', vendorId: 5, cronType: 'Custom', cron: '0 0 * * * *', payload: null };
    await first.db.transact((tx) => first.jobs.schedule(tx, schedule));
    let done = 0;
    for (const process of processes) process.work([aHandler('A', async () => void (done += 1), { concurrency: 3 })]);
    for (let hour = 1; hour <= 3; hour += 1) {
      scenario.advance(3_600_000);
      await until(() => done >= hour);
      await sleep(120);
      assert.equal(done, hour);
    }
  });
}
