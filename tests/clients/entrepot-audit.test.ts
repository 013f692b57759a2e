import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeClientHome } from '#support/client-home';
import { runProgram } from '#support/program';
import { useRegistry } from '#support/use-registry';

const main = join(import.meta.dirname, '../../packages/cli/src/main.ts');
const registry = await useRegistry();
const repository = registry.repository();
await registry.client.pushImage(repository, 'v1');

async function entrepot(...args: string[]) {
  await using home = await makeClientHome('entrepot');
  const env = {
    ...home.env,
    ENTREPOT_HOST: registry.host,
    ENTREPOT_USERNAME: registry.admin.user,
    ENTREPOT_PASSWORD: registry.admin.password,
  };
  return runProgram(process.execPath, [main, ...args], { env });
}

test('the rows of the audit are listed, the newest first', async () => {
  const table = await entrepot('audit', 'ls', '--operation', 'create', '--resource', repository);
  assert.equal(table.code, 0, table.stderr);
  assert.match(table.stdout, new RegExp(`^TIME +USER .*\n.* create artifact +${repository}:v1 +ok\n$`));
  const json = await entrepot('audit', 'ls', '--project', 'library', '-n', '1', '-o', 'json');
  const [row] = JSON.parse(json.stdout) as { request_id: string; success: boolean }[];
  assert.equal(row?.success, true);
  assert.notEqual(row.request_id, '');
});

test('the audit is exported as ECS and as CSV', async () => {
  const ecs = await entrepot('audit', 'export', '--project', 'library', '--since', '1h');
  const events = ecs.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: { action: string } });
  assert.ok(events.some(({ event }) => event.action === 'create_artifact'));
  const csv = await entrepot('audit', 'export', '--format', 'csv');
  assert.match(csv.stdout, /^id,time,actor,/);
});

test('the audit is verified, and a head that it never had is missed', async () => {
  const ran = await entrepot('audit', 'verify', '-o', 'json');
  assert.equal(ran.code, 0, ran.stderr);
  const { head, verified } = JSON.parse(ran.stdout) as { head: string; verified: boolean };
  assert.equal(verified, true);
  assert.equal((await entrepot('audit', 'verify', '--expect', head)).code, 0);
  const wrong = await entrepot('audit', 'verify', '--expect', 'f'.repeat(64));
  assert.equal(wrong.code, 1);
  assert.match(wrong.stdout, /Verified: +NO/);
  assert.match(wrong.stderr, /is not what it was/);
  assert.equal((await entrepot('audit', 'verify', '--expect', 'x')).code, 2);
});

test('a project that is not there and a password that is wrong have their exit codes', async () => {
  assert.equal((await entrepot('audit', 'ls', '--project', 'none')).code, 3);
  const ran = await runProgram(process.execPath, [main, 'audit', 'ls', '--host', registry.host], {
    env: { ENTREPOT_USERNAME: registry.admin.user, ENTREPOT_PASSWORD: 'wrong' },
  });
  assert.equal(ran.code, 4);
});
