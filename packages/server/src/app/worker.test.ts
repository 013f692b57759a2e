import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { forEachDialect } from '#testing/databases';
import { startReceiver } from '#testing/receiver';
import { eventually } from '#testing/test-clock';
import { startTestRegistry } from '#testing/test-registry';
import { work } from './worker.ts';

const program = `
  import { work } from '#app/worker';
  const ending = new AbortController();
  process.once('SIGTERM', () => ending.abort());
  const { env, stdout, stderr } = process;
  process.exitCode = await work({ flags: {}, env, stdout, stderr, signal: ending.signal });`;

interface Worker extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly lines: string[];
}

/** A process of its own that works on jobs; answers when it does. */
async function startWorker(env: Readonly<Record<string, string>>): Promise<Worker> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: new URL('../..', import.meta.url),
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const begun = Promise.withResolvers<void>();
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    if (line.includes('Working on jobs.')) begun.resolve();
  });
  child.once('exit', () => begun.reject(new Error(`the worker ended: ${lines.join('\n')}`)));
  await begun.promise;
  return {
    process: child,
    lines,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

forEachDialect('a worker', (on) => {
  if (on.kind === 'sqlite') {
    test('does not start beside a server on SQLite, and says what to do', async () => {
      await using place = await on.makePlace();
      const run = async (more: Record<string, string>) => {
        const stderr = new PassThrough();
        const signal = new AbortController().signal;
        const env = { ...place.env, ...more };
        const code = await work({ flags: {}, env, stdout: new PassThrough(), stderr, signal });
        stderr.end();
        return { code, said: await text(stderr) };
      };
      const refused = await run({});
      assert.equal(refused.code, 2);
      assert.match(refused.said, /takes PostgreSQL.*"entrepot serve" alone/);
      const left = await run({ ENTREPOT_JOBS_IN_SERVER: 'false' });
      assert.equal(left.code, 2);
      assert.match(left.said, /jobs\.in_server.*SQLite database belongs to one process/);
    });
    return;
  }

  test('works where the server does not, gives back what it is at, and loses nothing when it is killed', async () => {
    await using stack = new AsyncDisposableStack();
    const place = stack.use(await on.makePlace());
    const shared = { ENTREPOT_OUTBOUND_ALLOW: '127.0.0.1', ENTREPOT_JOBS_LEASE: '2s' };
    const registry = stack.use(
      await startTestRegistry({ place, env: { ...shared, ENTREPOT_JOBS_IN_SERVER: 'false' } }),
    );
    let answers = false;
    const receiver = stack.use(
      await startReceiver((_request, response) => {
        // Who is asked while nobody answers waits for ever.
        if (answers) response.end();
      }),
    );
    const got = () =>
      receiver.received.map(({ body }) => {
        const { event_data: data } = JSON.parse(body) as { event_data: { resources: { tag: string }[] } };
        return data.resources[0]?.tag;
      });
    await registry.addProject('team');
    const made = await registry.fetch('/api/v2.0/projects/team/webhook/policies', {
      method: 'POST',
      as: registry.admin,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'tell',
        enabled: true,
        event_types: ['PUSH_ARTIFACT'],
        targets: [{ type: 'http', address: `${receiver.url}/` }],
      }),
    });
    assert.equal(made.status, 201);
    const tasks = async () =>
      (await registry.query("select status, run_count from task where type = 'WEBHOOK' order by id")).map((row) => [
        row['status'],
        Number(row['run_count']),
      ]);
    await registry.pushImage('team/app', 'v1');
    await eventually(async () => ((await tasks()).length === 1 ? true : undefined));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.deepEqual(await tasks(), [['Pending', 0]], 'the server leaves it alone');

    const env = { ...place.env, ...shared, ENTREPOT_DATA: registry.data };
    const first = stack.use(await startWorker(env));
    await eventually(async () => (got().length === 1 ? true : undefined));
    first.process.kill('SIGTERM');
    await once(first.process, 'exit');
    assert.equal(first.process.exitCode, 0, first.lines.join('\n'));
    assert.deepEqual(await tasks(), [['Pending', 0]], 'it is given back, and the run counts for nothing');

    const second = stack.use(await startWorker(env));
    await eventually(async () => (got().length === 2 ? true : undefined));
    const third = stack.use(await startWorker(env));
    second.process.kill('SIGKILL');
    await once(second.process, 'exit');
    answers = true;
    await eventually(async () => ((await tasks())[0]?.[0] === 'Success' ? true : undefined));
    assert.deepEqual([await tasks(), got()], [[['Success', 2]], ['v1', 'v1', 'v1']]);

    for (const tag of ['v2', 'v3', 'v4']) await registry.pushImage('team/app', tag);
    const fourth = stack.use(await startWorker(env));
    await eventually(async () => ((await tasks()).every(([status]) => status === 'Success') ? true : undefined));
    await eventually(async () => (got().length === 6 ? true : undefined));
    assert.deepEqual(new Set(got().slice(3)), new Set(['v2', 'v3', 'v4']), 'each once, whichever worker had it');
    const shown = async () => {
      const pools = await registry.fetch('/api/v2.0/jobservice/pools', { as: registry.admin });
      return ((await pools.json()) as { pid: number }[]).map(({ pid }) => pid);
    };
    for (const { process } of [third, fourth]) {
      await eventually(async () => ((await shown()).includes(process.pid ?? 0) ? true : undefined));
    }
  });
});
