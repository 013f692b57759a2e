import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { runProgram } from '#support/program';
import { findProgram } from '#support/system-tool';
import { useRegistry } from '#support/use-registry';

// Harbor's own client for Go, unmodified, in a program that works as a team's automation does.

const named = process.env['ENTREPOT_TEST_GO_CLIENT'];
const go = await findProgram('go');
const builds = process.env['ENTREPOT_TEST_GO_TOOLS'] === '1';
const skip =
  named !== undefined || (builds && go !== undefined)
    ? false
    : 'the program is not built; ENTREPOT_TEST_GO_TOOLS=1 builds it with Go, ENTREPOT_TEST_GO_CLIENT names it';
const registry = await useRegistry();

test('Harbor’s client for Go works as with Harbor', { skip, timeout: 900_000 }, async () => {
  const image = `${registry.repository()}/deeper`;
  await registry.client.pushImage(image, 'v1');
  const args = [registry.origin, registry.admin.user, registry.admin.password, `${image}:v1`];
  const cwd = join(import.meta.dirname, 'go-client');
  const { code, stdout, stderr } =
    named === undefined
      ? await runProgram(go ?? 'go', ['run', '.', ...args], { cwd, timeout: 600_000 })
      : await runProgram(named, args, { timeout: 60_000 });
  assert.equal(code, 0, `${stderr}\n${stdout}`);
  assert.match(stdout, /a project that is gone is not found\n$/);
});
