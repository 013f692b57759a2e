import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { createJobs, startJobWorker } from '#platform/jobs';
import { describeJobs } from '#platform/jobs/conformance';
import { forEachDialect } from '#testing/databases';
import { eventually } from '#testing/test-clock';

const program = `
  import { openPostgresDb, openSqliteDb } from '#platform/db';
  import { startJobWorker } from '#platform/jobs';
  const { ENTREPOT_DATABASE_URL: url, ENTREPOT_DATA: data } = process.env;
  const db = url === undefined ? await openSqliteDb(data + '/entrepot.db') : await openPostgresDb({ url, poolSize: 2, onIdleError() {} });
  startJobWorker({
    db, clock: Date.now, newId: () => crypto.randomUUID(), leaseMs: 1000, pollMs: 50, onError: console.error,
    handlers: [{ type: 'A', concurrency: 1, maxRuns: 3, backoffMs: () => 0, run: () => { console.log('begun'); return new Promise(() => {}); } }],
  });
  setInterval(() => {}, 1000);`;

forEachDialect('a queue of jobs', (on) => {
  describeJobs('that several processes share', () => on.makePlace());

  test('who waits is woken at once by the process that has work, and on PostgreSQL by every other', async () => {
    await using place = await on.makePlace();
    await using worker = await place.open();
    await using other = await place.open();
    const done: unknown[] = [];
    await using _worker = startJobWorker({
      db: worker,
      clock: Date.now,
      newId: () => crypto.randomUUID(),
      // Longer than the test: it has to be woken.
      pollMs: 600_000,
      onError: (error) => assert.fail(String(error)),
      handlers: [
        {
          type: 'A',
          concurrency: 1,
          maxRuns: 1,
          backoffMs: () => 0,
          run: async ({ payload }) => void done.push(payload),
        },
      ],
    });
    const enqueueIn = (db: typeof worker, payload: string) =>
      db.transact((tx) =>
        createJobs({ db, clock: Date.now }).enqueue(tx, {
          vendorType: 'A',
          vendorId: 1,
          trigger: 'MANUAL',
          tasks: [{ payload }],
        }),
      );
    await enqueueIn(worker, 'own');
    await eventually(async () => (done.includes('own') ? true : undefined));
    if (on.kind === 'sqlite') return;
    await enqueueIn(other, 'foreign');
    await eventually(async () => (done.includes('foreign') ? true : undefined));
    // A listener whose connection breaks comes back, and looks for what it missed.
    await place.query("select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen entrepot'");
    await enqueueIn(other, 'missed');
    await eventually(async () => (done.includes('missed') ? true : undefined));
  });

  test('a task goes on elsewhere when its worker is killed', async () => {
    await using place = await on.makePlace();
    await using db = await place.open();
    const jobs = createJobs({ db, clock: Date.now });
    const { executionId, taskIds } = await db.transact((tx) =>
      jobs.enqueue(tx, { vendorType: 'A', vendorId: 1, trigger: 'MANUAL', tasks: [{ payload: 1 }] }),
    );
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: new URL('../../..', import.meta.url),
      env: { ...process.env, ...place.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(createInterface(child.stdout), 'line');
    // Longer than one lease: it lives because it is renewed.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal((await jobs.findTask(taskIds[0] ?? 0))?.runCount, 1);
    const runs: number[] = [];
    await using _worker = startJobWorker({
      db,
      clock: Date.now,
      newId: () => crypto.randomUUID(),
      pollMs: 50,
      onError: (error) => assert.fail(String(error)),
      handlers: [
        {
          type: 'A',
          concurrency: 1,
          maxRuns: 3,
          backoffMs: () => 0,
          run: async ({ runCount }) => void runs.push(runCount),
        },
      ],
    });
    assert.deepEqual(runs, []);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const ended = await eventually(async () => {
      const execution = await jobs.findExecution({ vendorTypes: ['A'] }, executionId);
      return execution?.status === 'Success' ? execution : undefined;
    });
    assert.equal(ended.status, 'Success');
    assert.deepEqual(runs, [2]);
  });
});
