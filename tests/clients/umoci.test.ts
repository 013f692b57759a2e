import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeClientHome } from '#support/client-home';
import { makeBusyboxTree, makeImageLayout, missingImageTools, readTree } from '#support/image-trees';
import { mustRun } from '#support/program';
import { needTools } from '#support/system-tool';
import { useRegistry } from '#support/use-registry';

const skip =
  (await needTools(['skopeo'])) ??
  (await missingImageTools()) ??
  (process.getuid?.() === 0 ? false : 'unpacking owners and modes needs root');
const registry = await useRegistry();

test('the tree that comes out of a pulled image is the one that went in', { skip }, async () => {
  await using home = await makeClientHome('umoci');
  const tree = home.path('tree');
  await makeBusyboxTree(tree);
  await makeImageLayout(home.path('layout'), 'image', tree);
  const login = ['--authfile', await home.writeLogin(registry.host, registry.admin)];
  const address = `docker://${registry.host}/${registry.repository()}:v1`;
  const run = (command: string, ...args: string[]): Promise<string> => mustRun(command, args, { env: home.env });
  await run('skopeo', 'copy', ...login, '--dest-tls-verify=false', `oci:${home.path('layout')}:image`, address);
  await run('skopeo', 'copy', '--src-tls-verify=false', address, `oci:${home.path('back')}:image`);
  await run('umoci', 'unpack', '--image', `${home.path('back')}:image`, home.path('bundle'));
  assert.deepEqual(await readTree(home.path('bundle/rootfs')), await readTree(tree));
});
