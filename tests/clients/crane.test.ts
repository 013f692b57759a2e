import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { type ClientHome, makeClientHome } from '#support/client-home';
import { findGoTool } from '#support/go-tool';
import {
  addIndex,
  assertSameImage,
  digestInLayout,
  makeBusyboxTree,
  makeImageLayout,
  missingImageTools,
} from '#support/image-trees';
import { mustRun, runProgram } from '#support/program';
import { useRegistry } from '#support/use-registry';

const tool = await findGoTool('crane');
const program = 'path' in tool ? tool.path : '';
const skip = 'reason' in tool ? tool.reason : ((await missingImageTools()) ?? false);
const registry = await useRegistry();
let home: ClientHome;

before(async () => {
  if (skip !== false) return;
  home = await makeClientHome('crane');
  await makeBusyboxTree(home.path('tree'));
  for (const architecture of ['amd64', 'arm64'])
    await makeImageLayout(home.path('layout'), `multi-${architecture}`, home.path('tree'), architecture);
  await addIndex(home.path('layout'), 'multi', ['amd64', 'arm64']);
  await rename(await home.writeLogin(registry.host, registry.admin), home.path('.docker/config.json'));
});

after(() => home?.[Symbol.asyncDispose]());

async function crane(...args: string[]): Promise<string> {
  return (await mustRun(program, args, { env: home.env })).trim();
}

test('crane pushes a layout, looks at it, copies it, and pulls it back to the byte', { skip }, async () => {
  const [one, two] = [registry.repository(), registry.repository()];
  const image = `${registry.host}/${one}:multi`;
  await crane('push', '--index', home.path('layout'), image);
  const root = await crane('digest', image);
  assert.deepEqual((await crane('ls', `${registry.host}/${one}`)).split('\n'), ['multi']);
  await crane('copy', image, `${registry.host}/${two}:copied`);
  assert.equal(await crane('digest', `${registry.host}/${two}:copied`), root);
  await crane('validate', '--remote', `${registry.host}/${two}:copied`);
  await crane('pull', '--format', 'oci', `${registry.host}/${two}:copied`, home.path('back'));
  await assertSameImage(
    home.path('layout'),
    home.path('back'),
    await digestInLayout(home.path('layout'), 'multi-amd64'),
  );
  await crane('tag', image, 'other');
  assert.equal(await crane('digest', `${registry.host}/${one}:other`), root);
  assert.ok((await crane('catalog', registry.host)).split('\n').includes(two));
  await crane('delete', `${image.replace(/:multi$/, '')}@${root}`);
  const gone = await runProgram(program, ['digest', image], { env: home.env });
  assert.notEqual(gone.code, 0);
  assert.match(gone.stderr, /MANIFEST_UNKNOWN|404/);
});

test('crane is told when the password is wrong', { skip }, async () => {
  const env = { ...home.env, DOCKER_CONFIG: home.path('wrong') };
  const args = ['auth', 'login', registry.host, '-u', 'admin', '-p', 'wrong'];
  await runProgram(program, args, { env });
  const push = await runProgram(
    program,
    ['push', '--index', home.path('layout'), `${registry.host}/${registry.repository()}:v1`],
    { env },
  );
  assert.notEqual(push.code, 0);
  assert.match(push.stderr, /UNAUTHORIZED|401/);
});
