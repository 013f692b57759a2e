import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCli } from '#testing/run-child';
import { makeTemporaryFolder } from '#testing/temporary-folder';

const password = 'Correct-horse-7-battery';

async function startServer(data: string) {
  const child = startCli(['serve', '--listen', '127.0.0.1:0', '--data', data], {
    env: { ENTREPOT_ADMIN_PASSWORD: password },
  });
  const [, url = ''] = await child.waitFor(/"address":"(http:[^"]+)"/);
  return { ...child, url };
}

async function run(args: readonly string[], options: Parameters<typeof startCli>[1] = {}) {
  await using child = startCli(['admin', 'reset-password', ...args], options);
  return { code: await child.ended, stdout: child.stdout(), stderr: child.stderr() };
}

const signIn = async (url: string, as: string) =>
  (await fetch(`${url}/v2/`, { headers: { authorization: `Basic ${Buffer.from(`admin:${as}`).toString('base64')}` } }))
    .status;

/** A running registry sees what another process changed within a second. */
async function becomes(url: string, as: string, status: number): Promise<void> {
  const end = performance.now() + 5000;
  while ((await signIn(url, as)) !== status) {
    assert.ok(performance.now() < end, `${as} never became ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test('who lost the password of a registry that runs gets a new one, and the old one opens nothing', async () => {
  await using folder = await makeTemporaryFolder();
  const data = join(folder.path, 'data');
  await using server = await startServer(data);
  const first = await run(['--data', data]);
  assert.equal(first.code, 0, first.stderr);
  const invented = first.stdout.trim();
  assert.match(invented, /^[\w-]{20}$/);
  assert.match(first.stderr, /admin has a new password in .*entrepot\.db.*within 35 seconds/);
  assert.ok(!first.stderr.includes(invented));
  await becomes(server.url, invented, 200);
  await becomes(server.url, password, 401);

  const given = await run(['--data', data, '--password-stdin'], { stdin: 'Chosen-password-9\n' });
  assert.deepEqual([given.code, given.stdout], [0, ''], given.stderr);
  await becomes(server.url, 'Chosen-password-9', 200);
  server.process.kill('SIGTERM');
  assert.equal(await server.ended, 0, server.stderr());

  await writeFile(join(folder.path, 'entrepot.yaml'), `data: ${data}\n`);
  const told = await run(['--config', join(folder.path, 'entrepot.yaml'), '-o', 'json']);
  assert.equal(told.code, 0, told.stderr);
  const { user, password: last } = JSON.parse(told.stdout);
  assert.equal(user, 'admin');
  await using again = await startServer(data);
  assert.equal(await signIn(again.url, last), 200);
});

test('what cannot be is told in a sentence, with nothing made', async () => {
  await using folder = await makeTemporaryFolder();
  const missing = await run(['--data', join(folder.path, 'none')]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^error: There is no database .*none.entrepot\.db.*--data.*\n$/);
  const short = await run(['--data', folder.path, '--password-stdin'], { stdin: '' });
  assert.equal(short.code, 2);
  const wrong = await run(['--config', join(folder.path, 'none.yaml')]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /a file that can be read/);
  const stray = await run(['--data', folder.path, 'anna']);
  assert.equal(stray.code, 2);
});
