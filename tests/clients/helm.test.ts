import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { makeClientHome } from '#support/client-home';
import { findGoTool } from '#support/go-tool';
import { mustRun, runProgram } from '#support/program';
import { useRegistry } from '#support/use-registry';

const tool = await findGoTool('helm');
const program = 'path' in tool ? tool.path : '';
const skip = 'reason' in tool ? tool.reason : false;
const registry = await useRegistry();

test('a chart goes to the registry and comes back to the byte', { skip }, async () => {
  await using home = await makeClientHome('helm');
  const env = { ...home.env, HELM_REGISTRY_CONFIG: home.path('helm-registry.json') };
  const helm = (...args: string[]): Promise<string> => mustRun(program, args, { env, cwd: home.folder });
  const { user, password } = registry.admin;
  const wrong = await runProgram(
    program,
    ['registry', 'login', '--plain-http', '-u', user, '-p', 'wrong', registry.host],
    { env },
  );
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stderr, /401|unauthorized|authentication required|invalid/i);
  await helm('create', 'shop');
  await helm('package', 'shop', '--version', '1.2.3+build.4');
  const repository = registry.repository();
  const refused = await runProgram(
    program,
    ['push', '--plain-http', 'shop-1.2.3+build.4.tgz', `oci://${registry.host}/${repository}`],
    {
      env,
      cwd: home.folder,
    },
  );
  assert.notEqual(refused.code, 0, 'without a login nothing is pushed');
  await helm('registry', 'login', '--plain-http', '-u', user, '-p', password, registry.host);
  await helm('push', '--plain-http', 'shop-1.2.3+build.4.tgz', `oci://${registry.host}/${repository}`);
  const chart = `oci://${registry.host}/${repository}/shop`;
  await helm('pull', '--plain-http', chart, '--version', '1.2.3+build.4', '--destination', home.path('run'));
  assert.deepEqual(
    await readFile(home.path('run/shop-1.2.3+build.4.tgz')),
    await readFile(home.path('shop-1.2.3+build.4.tgz')),
  );
  assert.match(
    await helm('show', 'chart', '--plain-http', chart, '--version', '1.2.3+build.4'),
    /version: 1\.2\.3\+build\.4/,
  );
  assert.match(await helm('template', '--plain-http', 'release', chart), /kind: Deployment/);
  const tags = await registry.client.expect(200, 'GET', `/v2/${repository}/shop/tags/list`);
  assert.deepEqual((tags.json() as { tags: string[] }).tags, ['1.2.3_build.4']);
});
